// What decided how long a trace took: walking back from its end, always the span that finished last before.
import type {Trace} from './trace.ts';

export interface Segment {
  span: number; // index
  from: number; // milliseconds
  to: number;
}

const epsilon = 1e-6;

/** The segments cover the longest root without a gap, latest first. Cost: spans on the path and their children. */
export function criticalPath(trace: Trace): Segment[] {
  let root = -1;
  for (const at of trace.roots) {
    if (root < 0 || length(trace, at) > length(trace, root)) root = at;
  }
  if (root < 0) return [];
  const segments: Segment[] = [];
  const pending = [{span: root, from: trace.spans[root].start, until: trace.spans[root].end}];
  while (pending.length > 0) {
    // A child counts only where its parent does, whatever its clock says.
    const {span: index, from, until} = pending.pop()!;
    const span = trace.spans[index];
    let cursor = Math.min(until, span.end);
    const children = span.children
      .map((child) => ({child, end: Math.min(trace.spans[child].end, cursor)}))
      .sort((a, b) => b.end - a.end || trace.spans[b.child].start - trace.spans[a.child].start);
    for (const {child, end} of children) {
      if (cursor <= from) break;
      const start = Math.max(trace.spans[child].start, from);
      if (end > cursor + epsilon || end <= start) continue;
      if (cursor > end) segments.push({span: index, from: end, to: cursor});
      pending.push({span: child, from: start, until: end});
      cursor = start;
    }
    if (cursor > from) segments.push({span: index, from, to: cursor});
  }
  return segments.sort((a, b) => b.from - a.from);
}

function length(trace: Trace, at: number): number {
  return trace.spans[at].end - trace.spans[at].start;
}

/** Milliseconds of `index` that no child covers. */
export function selfTime(trace: Trace, index: number): number {
  const span = trace.spans[index];
  let covered = 0;
  let reached = span.start;
  for (const child of span.children) {
    const from = Math.max(trace.spans[child].start, reached);
    const to = Math.min(trace.spans[child].end, span.end);
    if (to > from) {
      covered += to - from;
      reached = to;
    }
  }
  return span.end - span.start - covered;
}
