// The trace as a flame view: one line for each depth, time to the right.
import type {JSX} from 'preact';
import {duration, visible} from '../model/text.ts';
import type {Span, Trace} from '../model/trace.ts';
import {useCanvas} from './canvas.ts';
import {hue, type Frame} from './waterfall.tsx';

const lineHeight = 20;
const depthMax = 400;

export function Flame({
  trace,
  frame,
  selected,
  onSelect,
}: {
  trace: Trace;
  frame: Frame;
  selected: number;
  onSelect: (index: number) => void;
}): JSX.Element {
  const deepest = Math.min(
    depthMax,
    trace.spans.reduce((most, span) => Math.max(most, span.depth), 0),
  );
  const canvas = useCanvas(
    (context, width, height, color) => {
      context.clearRect(0, 0, width, height);
      context.font = `11px ${color('sans')}`;
      context.textBaseline = 'middle';
      const scale = width / (frame.to - frame.from);
      for (const span of trace.spans) {
        if (span.depth > depthMax) continue;
        const left = Math.max(0, (span.start - frame.from) * scale);
        const right = Math.min(width, (span.end - frame.from) * scale);
        if (right < 0 || left > width) continue;
        const wide = Math.max(1, right - left - 0.5);
        const top = span.depth * lineHeight;
        context.fillStyle = color(span.failed ? 'bad' : hue(trace, span.service));
        context.fillRect(left, top, wide, lineHeight - 1);
        if (span.index === selected) {
          context.strokeStyle = color('text');
          context.lineWidth = 2;
          context.strokeRect(left + 1, top + 1, Math.max(1, wide - 2), lineHeight - 3);
        }
        if (wide < 40) continue;
        context.save();
        context.beginPath();
        context.rect(left, top, wide - 3, lineHeight);
        context.clip();
        context.fillStyle = color('ground');
        context.fillText(
          `${visible(span.name, 120)}  ${duration(span.end - span.start)}`,
          left + 5,
          top + lineHeight / 2,
        );
        context.restore();
      }
    },
    [trace, frame, selected],
  );
  const find = (event: MouseEvent): Span | undefined => {
    const box = canvas.current!.getBoundingClientRect();
    const depth = Math.floor((event.clientY - box.top) / lineHeight);
    const perPixel = (frame.to - frame.from) / box.width;
    const at = frame.from + (event.clientX - box.left) * perPixel;
    return trace.spans.findLast(
      (span) => span.depth === depth && span.start - perPixel <= at && at <= span.end + perPixel,
    );
  };
  return (
    <div class="flame" tabIndex={0} role="group" aria-label="Flame view">
      <canvas
        ref={canvas}
        style={{height: `${(deepest + 1) * lineHeight}px`}}
        role="img"
        aria-label="Flame view of the trace; the waterfall has the same spans as text"
        onClick={(event) => {
          const span = find(event);
          if (span) onSelect(span.index);
        }}
        onMouseMove={(event) => {
          const span = find(event);
          canvas.current!.title = span
            ? `${visible(span.name, 200)}\n${visible(span.service, 100)}, ${duration(span.end - span.start)}`
            : '';
        }}
      />
    </div>
  );
}
