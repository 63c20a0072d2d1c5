// The whole trace in little. Dragging selects the part of time that the waterfall shows.
import type {JSX} from 'preact';
import {useRef, useState} from 'preact/hooks';
import type {Span, Trace} from '../model/trace.ts';
import {useCanvas} from './canvas.ts';
import {hue, type Frame} from './waterfall.tsx';

export function Minimap({
  trace,
  frame,
  onFrame,
}: {
  trace: Trace;
  frame: Frame;
  onFrame: (frame: Frame) => void;
}): JSX.Element {
  const [drag, setDrag] = useState<Frame | undefined>();
  const origin = useRef(0);
  const whole = Math.max(trace.duration, 1e-6);
  const canvas = useCanvas(
    (context, width, height, color) => {
      context.clearRect(0, 0, width, height);
      const step = Math.min(4, height / trace.spans.length);
      const thick = Math.max(1, step * 0.7);
      // A change of colour costs more than a rectangle. Failures come last: they stay visible where
      // spans lie on each other.
      const byColor = new Map<string, Span[]>();
      for (const span of trace.spans) {
        const name = span.failed ? 'bad' : hue(trace, span.service);
        const spans = byColor.get(name);
        if (spans) spans.push(span);
        else byColor.set(name, [span]);
      }
      const failed = byColor.get('bad');
      byColor.delete('bad');
      if (failed) byColor.set('bad', failed);
      for (const [name, spans] of byColor) {
        context.fillStyle = color(name);
        for (const span of spans) {
          const left = (span.start / whole) * width;
          const wide = Math.max(1, ((span.end - span.start) / whole) * width);
          context.fillRect(left, span.index * step, wide, thick);
        }
      }
    },
    [trace],
  );
  const timeAt = (event: PointerEvent): number => {
    const box = canvas.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * whole;
  };
  const shown = drag ?? frame;
  const isWhole = shown.from <= 0 && shown.to >= whole;
  return (
    <div
      class="minimap"
      onDblClick={() => onFrame({from: 0, to: whole})}
      onPointerDown={(event) => {
        origin.current = timeAt(event);
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({from: origin.current, to: origin.current});
      }}
      onPointerMove={(event) => {
        if (!drag) return;
        const at = timeAt(event);
        setDrag({from: Math.min(at, origin.current), to: Math.max(at, origin.current)});
      }}
      onPointerUp={() => {
        if (drag && drag.to - drag.from > whole * 0.003) onFrame(drag);
        setDrag(undefined);
      }}
    >
      <canvas ref={canvas} role="img" aria-label="The whole trace; drag to show a part of it" />
      {!isWhole && (
        <>
          <span class="minimap-shade" style={{left: '0', width: `${(shown.from / whole) * 100}%`}} />
          <span class="minimap-shade" style={{left: `${(shown.to / whole) * 100}%`, right: '0'}} />
        </>
      )}
    </div>
  );
}
