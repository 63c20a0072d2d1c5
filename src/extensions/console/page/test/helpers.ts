import type {Span} from '../source/api/schema.ts';
import {buildTrace, type Trace} from '../source/model/trace.ts';

const origin = 1_700_000_000_000;

export const nano = (millis: number): string => `${BigInt(Math.round((origin + millis) * 1e3)) * 1000n}`;

/** A span of the API from what a test cares for; times are milliseconds. */
export function span(id: string, parent: string, start: number, end: number, more: Partial<Span> = {}): Span {
  return {
    span_id: id,
    parent_span_id: parent,
    name: id,
    kind: 'internal',
    start_unix_nano: nano(start),
    end_unix_nano: nano(end),
    duration_ns: (end - start) * 1e6,
    offset_ns: start * 1e6,
    status: 'unset',
    status_message: '',
    trace_state: '',
    resource: 0,
    scope_name: '',
    scope_version: '',
    pipeline: 'traces',
    attributes: [],
    events: [],
    links: [],
    dropped_attributes_count: 0,
    dropped_events_count: 0,
    dropped_links_count: 0,
    depth: 0,
    is_orphan: false,
    is_cut: false,
    ...more,
  };
}

export const trace = (...spans: Span[]): Trace =>
  buildTrace({
    id: '1'.repeat(32),
    spans,
    resources: [{service: 'shop', attributes: [], schema_url: ''}],
    logs: [],
  });

export const ids = (made: Trace): string[] => made.spans.map((one) => one.id);
