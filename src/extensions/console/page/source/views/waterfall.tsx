// The rows of a trace: a tree of names beside bars on a common axis. Only the rows in sight are drawn.
import type {JSX} from 'preact';
import {coalesce, ticks} from '../model/axis.ts';
import type {Segment} from '../model/critical_path.ts';
import {duration, plural, visible} from '../model/text.ts';
import type {Dot, Span, Trace} from '../model/trace.ts';
import {Text, VirtualRows} from '../parts/basics.tsx';

export interface Frame {
  from: number; // milliseconds
  to: number;
}

export const rowHeight = 26;
const indent = 12;
const indentMax = 18;
const gapMin = 0.0015; // of the frame: parts of the critical path that are closer are drawn as one

export const hue = (trace: Trace, service: string): string => `hue-${trace.services.indexOf(service) % 8}`;
const percentOf = (frame: Frame, at: number): number => ((at - frame.from) / (frame.to - frame.from)) * 100;

// At most one dot in each hundredth of the frame, an exception before the others.
function spread(dots: readonly Dot[], frame: Frame): Dot[] {
  const places = new Map<number, Dot>();
  for (const dot of dots) {
    const place = Math.round(percentOf(frame, dot.at));
    if (place >= 0 && place <= 100 && (dot.kind === 'exception' || !places.has(place)))
      places.set(place, dot);
  }
  return [...places.values()];
}

function Timeline({
  span,
  frame,
  color,
  segments,
}: {
  span: Span;
  frame: Frame;
  color: string;
  segments: readonly Segment[];
}): JSX.Element {
  const left = percentOf(frame, span.start);
  const right = percentOf(frame, span.end);
  const isInside = right >= 0 && left <= 100;
  const from = Math.max(0, left);
  const width = Math.max(0, Math.min(100, right) - from);
  // The label stands behind the bar, before it where there is no room, and inside where there is none either.
  const isLabelLeft = from + width > 82;
  const label = !isLabelLeft
    ? {left: `${from + width}%`}
    : {right: `${from > 14 ? 100 - from : 100 - from - width}%`};
  return (
    <span class="wf-time" aria-hidden="true">
      {isInside && (
        <span
          class={`wf-bar ${color} ${span.failed ? 'failed' : ''}`}
          style={{left: `${from}%`, width: `${width}%`}}
        />
      )}
      {isInside &&
        coalesce(segments, frame, gapMin).map((one) => (
          <span
            class="wf-critical"
            key={one.from}
            style={{left: `${one.from * 100}%`, width: `${(one.to - one.from) * 100}%`}}
          />
        ))}
      {spread(span.dots, frame).map((dot) => (
        <span
          key={dot.at}
          class={`wf-dot ${dot.kind}`}
          style={{left: `${percentOf(frame, dot.at)}%`}}
          title={visible(dot.label, 300)}
        />
      ))}
      {isInside && (
        <span class={`wf-label ${isLabelLeft && from <= 14 ? 'inside' : ''}`} style={label}>
          {duration(span.end - span.start)}
        </span>
      )}
    </span>
  );
}

export function Waterfall({
  trace,
  rows,
  frame,
  collapsed,
  selected,
  matched,
  path,
  onSelect,
  onToggle,
}: {
  trace: Trace;
  rows: readonly number[];
  frame: Frame;
  collapsed: ReadonlySet<number>;
  selected: number;
  matched?: ReadonlySet<number>;
  path: ReadonlyMap<number, Segment[]>;
  onSelect: (index: number) => void;
  onToggle: (index: number) => void;
}): JSX.Element {
  const row = (at: number): JSX.Element => {
    const span = trace.spans[rows[at]];
    const isOpen = !collapsed.has(span.index);
    const color = hue(trace, span.service);
    const classes = [
      'wf-row',
      span.index === selected && 'selected',
      matched && !matched.has(span.index) && 'dimmed',
      span.failed && 'failed',
    ];
    return (
      <div
        key={span.index}
        id={`span-${span.index}`}
        class={classes.filter(Boolean).join(' ')}
        role="treeitem"
        aria-level={span.depth + 1}
        aria-selected={span.index === selected}
        aria-expanded={span.children.length > 0 ? isOpen : undefined}
        onClick={() => onSelect(span.index)}
      >
        <span class="wf-name" style={{paddingLeft: `${Math.min(span.depth, indentMax) * indent + 6}px`}}>
          <span
            class={`wf-toggle ${span.children.length === 0 ? '' : isOpen ? 'open' : 'closed'}`}
            onClick={(event) => {
              if (span.children.length > 0) {
                event.stopPropagation();
                onToggle(span.index);
              }
            }}
          />
          <span class={`swatch ${color}`} />
          {span.depth > indentMax && <span class="badge">{span.depth}</span>}
          <span class="wf-text">
            <Text of={span.name || '(no name)'} limit={200} />{' '}
            <span class="muted">
              <Text of={span.service} limit={80} />
            </span>
            <span class="hidden">
              , {duration(span.end - span.start)}
              {span.failed && ', failed'}
            </span>
          </span>
          {!isOpen && <span class="badge">+{plural(span.size - 1, 'span')}</span>}
          {span.problems.length > 0 && (
            <span class="badge warn" title={span.problems.join(', ')}>
              !
            </span>
          )}
        </span>
        <Timeline span={span} frame={frame} color={color} segments={path.get(span.index) ?? []} />
      </div>
    );
  };
  const marks = ticks(frame.from, frame.to, matchMedia('(max-width: 720px)').matches ? 3 : 5);
  return (
    <div class="wf">
      <div class="wf-axis" aria-hidden="true">
        <span class="wf-name">{plural(rows.length, 'span')}</span>
        <span class="wf-time">
          {marks.map((at) => (
            <span
              key={at}
              class={`wf-tick ${percentOf(frame, at) > 92 ? 'last' : ''}`}
              style={{left: `${percentOf(frame, at)}%`}}
            >
              {duration(at)}
            </span>
          ))}
        </span>
      </div>
      <div class="wf-grid" aria-hidden="true">
        <span class="wf-name" />
        <span class="wf-time">
          {marks.map((at) => (
            <span key={at} class="wf-line" style={{left: `${percentOf(frame, at)}%`}} />
          ))}
        </span>
      </div>
      <VirtualRows
        count={rows.length}
        height={rowHeight}
        class="wf-rows"
        role="tree"
        label="Spans"
        row={row}
        keyOf={(i) => String(rows[i])}
        scrollTo={rows.indexOf(selected)}
        active={selected >= 0 ? `span-${selected}` : undefined}
      />
    </div>
  );
}
