// A trace as the waterfall draws it: its spans in the order of rows, with depths, times relative to the first span,
// and what is wrong with them. Every input is drawable: orphans and members of a cycle become roots, duplicates
// keep their rows, and a time that cannot be true is drawn at the nearest edge.
import type {Attribute, Event, Link, LogRecord, Resource, Span as ApiSpan} from '../api/schema.ts';
import {instant, millisSince, type Instant} from './instant.ts';

export type Problem =
  | 'orphan'
  | 'cycle'
  | 'duplicate'
  | 'ends before start'
  | 'starts before parent'
  | 'no start time'
  | 'far from the other spans';

export interface Dot {
  at: number; // milliseconds since the trace's origin
  label: string;
  kind: 'event' | 'exception' | 'log';
}

export interface Span {
  index: number;
  id: string;
  parentId: string;
  name: string;
  service: string;
  kind: string;
  start: number; // milliseconds since the trace's origin
  end: number; // never before start
  failed: boolean;
  statusMessage: string;
  attributes: Attribute[];
  resource: Attribute[];
  scope: string;
  pipeline: string;
  events: Event[];
  links: Link[];
  logs: readonly LogRecord[];
  dots: readonly Dot[];
  isCut: boolean;
  depth: number;
  parent: number; // index, or -1
  children: readonly number[]; // indexes, by start
  size: number; // spans of the subtree, this one included
  problems: readonly Problem[];
}

export interface Trace {
  id: string;
  spans: Span[]; // in preorder: a subtree is spans[i … i + size - 1]
  roots: number[];
  origin: Instant;
  duration: number; // milliseconds
  services: string[];
  failures: number;
  looseLogs: LogRecord[]; // of the trace, but of none of its spans
}

export interface Received {
  id: string;
  spans: ApiSpan[];
  resources: Resource[];
  logs: LogRecord[];
}

// Most spans have no problems, dots or children: they share one empty list, which is never written to.
const none: readonly never[] = Object.freeze([]);

function appended<T>(list: readonly T[], item: T): readonly T[] {
  if (list === none) return [item];
  (list as T[]).push(item);
  return list;
}

function blame(span: {problems: readonly Problem[]}, problem: Problem): void {
  span.problems = appended(span.problems, problem);
}

const outlierMillis = 24 * 3600 * 1e3;

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function toSpan(span: ApiSpan, resource: Resource | undefined, origin: Instant): Span {
  const startsAt = instant(span.start_unix_nano);
  const endsAt = instant(span.end_unix_nano);
  const start = startsAt ? millisSince(origin, startsAt) : NaN;
  let end = endsAt ? millisSince(origin, endsAt) : start;
  const isBackwards = end < start;
  if (isBackwards) end = start;
  const made: Span = {
    index: -1,
    id: span.span_id,
    parentId: span.parent_span_id,
    name: span.name,
    service: resource?.service || 'unknown service',
    kind: span.kind === 'unspecified' ? '' : span.kind,
    start,
    end,
    failed: span.status === 'error',
    statusMessage: span.status_message,
    attributes: span.attributes,
    resource: resource?.attributes ?? [],
    scope: `${span.scope_name} ${span.scope_version}`.trim(),
    pipeline: span.pipeline,
    events: span.events,
    links: span.links,
    logs: none,
    dots: none,
    isCut: span.is_cut,
    depth: 0,
    parent: -1,
    children: none,
    size: 1,
    problems: none,
  };
  if (!startsAt) blame(made, 'no start time');
  if (isBackwards) blame(made, 'ends before start');
  return made;
}

// Moves spans whose clock is more than a day away from the others to the edge of what the others cover.
function bringIn(spans: Span[]): void {
  const known = spans.filter((span) => !Number.isNaN(span.start));
  const middle = median(known.map((span) => span.start));
  const near = known.filter((span) => Math.abs(span.start - middle) <= outlierMillis);
  let first = Infinity;
  for (const span of near) first = Math.min(first, span.start);
  if (first === Infinity) first = 0;
  for (const span of spans) {
    const length = Math.min(span.end - span.start, outlierMillis);
    if (Number.isNaN(span.start)) {
      span.start = span.end = first;
    } else if (Math.abs(span.start - middle) > outlierMillis) {
      blame(span, 'far from the other spans');
      span.start = first;
      span.end = first + length;
    } else if (span.end - span.start > outlierMillis && near.length > 1) {
      blame(span, 'far from the other spans');
      span.end = span.start;
    }
  }
}

function byTime(spans: Span[]): (a: number, b: number) => number {
  return (a, b) => spans[a].start - spans[b].start || spans[b].end - spans[a].end || a - b;
}

// Fills parent (an index into `spans`) and returns the roots.
function connect(spans: Span[]): number[] {
  const byId = new Map<string, number>();
  spans.forEach((span, i) => {
    if (span.id !== '' && byId.has(span.id)) blame(span, 'duplicate');
    else byId.set(span.id, i);
  });
  const roots: number[] = [];
  const children: number[][] = new Array(spans.length);
  spans.forEach((span, i) => {
    const parent = span.parentId === '' ? undefined : byId.get(span.parentId);
    if (parent === undefined || parent === i) {
      if (parent === i) blame(span, 'cycle');
      else if (span.parentId !== '') blame(span, 'orphan');
      roots.push(i);
    } else {
      span.parent = parent;
      children[parent] = children[parent] ?? [];
      children[parent].push(i);
    }
  });
  children.forEach((list, i) => (spans[i].children = list));
  return roots;
}

// The order of rows: the subtrees of `roots`, then what no root reaches, which is a cycle each.
function preorder(spans: Span[], roots: number[]): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(spans.length);
  const compare = byTime(spans);
  const walk = (root: number): void => {
    const stack = [root];
    while (stack.length > 0) {
      const at = stack.pop()!;
      if (seen[at]) continue;
      seen[at] = 1;
      order.push(at);
      const span = spans[at];
      if (span.children.length === 0) continue;
      span.children = span.children.filter((child) => !seen[child]).sort(compare);
      for (const child of span.children) spans[child].depth = span.depth + 1;
      for (let i = span.children.length - 1; i >= 0; i--) stack.push(span.children[i]);
    }
  };
  for (const root of [...roots].sort(compare)) walk(root);
  if (order.length < spans.length) {
    for (const at of spans.map((_, i) => i).sort(compare)) {
      if (seen[at]) continue;
      const span = spans[at];
      blame(span, 'cycle');
      spans[span.parent].children = spans[span.parent].children.filter((child) => child !== at);
      span.parent = -1;
      span.depth = 0;
      roots.push(at);
      walk(at);
    }
  }
  return order;
}

// Shifts all times so that the first span begins at 0; returns the shift and the length of the whole.
function normalize(spans: Span[]): {first: number; duration: number} {
  let first = Infinity;
  let last = -Infinity;
  for (const span of spans) {
    first = Math.min(first, span.start);
    last = Math.max(last, span.end);
  }
  if (spans.length === 0) first = last = 0;
  for (const span of spans) {
    span.start -= first;
    span.end -= first;
  }
  return {first, duration: last - first};
}

// Events and log records as dots on their spans. A time outside of the trace is drawn at its edge.
function placeDots(trace: Trace, logs: LogRecord[]): void {
  const byId = new Map<string, Span>();
  for (const span of logs.length === 0 ? [] : trace.spans) if (!byId.has(span.id)) byId.set(span.id, span);
  const dot = (span: Span, unixNano: string, label: string, kind: Dot['kind']): void => {
    const time = instant(unixNano);
    const at = time ? millisSince(trace.origin, time) : span.start;
    span.dots = appended(span.dots, {at: Math.min(Math.max(at, 0), trace.duration), label, kind});
  };
  for (const span of trace.spans) {
    for (const event of span.events) {
      dot(span, event.time_unix_nano, event.name, event.name === 'exception' ? 'exception' : 'event');
    }
  }
  for (const log of logs) {
    const span = byId.get(log.span_id);
    if (!span) {
      trace.looseLogs.push(log);
      continue;
    }
    span.logs = appended(span.logs, log);
    dot(span, log.time_unix_nano, log.body, log.severity_number >= 17 ? 'exception' : 'log');
  }
}

export function buildTrace(received: Received): Trace {
  let origin: Instant | undefined;
  for (const span of received.spans) origin ??= instant(span.start_unix_nano);
  origin ??= {seconds: 0, nanos: 0};
  const unordered = received.spans.map((span) => toSpan(span, received.resources[span.resource], origin));
  bringIn(unordered);
  const order = preorder(unordered, connect(unordered));
  const place = new Int32Array(unordered.length);
  order.forEach((from, to) => (place[from] = to));
  const spans = order.map((from) => unordered[from]);
  spans.forEach((span, i) => {
    span.index = i;
    if (span.parent >= 0) span.parent = place[span.parent];
    if (span.children.length > 0) span.children = span.children.map((child) => place[child]);
  });
  const {first, duration} = normalize(spans);
  let failures = 0;
  for (let i = spans.length - 1; i >= 0; i--) {
    const {parent, size, start, failed} = spans[i];
    if (failed) failures++;
    if (parent < 0) continue;
    spans[parent].size += size;
    if (start < spans[parent].start - 0.001) blame(spans[i], 'starts before parent');
  }
  const trace: Trace = {
    id: received.id,
    spans,
    roots: spans.filter((span) => span.parent < 0).map((span) => span.index),
    origin: {seconds: origin.seconds, nanos: origin.nanos + Math.round(first * 1e6)},
    duration,
    services: [...new Set(spans.map((span) => span.service))],
    failures,
    looseLogs: [],
  };
  placeDots(trace, received.logs);
  return trace;
}

/** Indexes of the rows that are shown when the subtrees of `collapsed` are folded. */
export function visibleRows(trace: Trace, collapsed: ReadonlySet<number>): number[] {
  const rows: number[] = [];
  for (let i = 0; i < trace.spans.length; i += collapsed.has(i) ? trace.spans[i].size : 1) rows.push(i);
  return rows;
}
