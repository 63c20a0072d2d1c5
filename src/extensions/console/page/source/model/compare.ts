// Two traces side by side: their operations, matched by service and name.
import {selfTime} from './critical_path.ts';
import type {Trace} from './trace.ts';

export interface Side {
  count: number;
  self: number; // milliseconds, summed
  failures: number;
}
export interface Row {
  service: string;
  name: string;
  before: Side;
  after: Side;
  change: number; // milliseconds of self time
}

const none = (): Side => ({count: 0, self: 0, failures: 0});

/** One row for each operation of either trace, the largest change first. */
export function compareTraces(before: Trace, after: Trace): Row[] {
  const rows = new Map<string, Row>();
  const add = (trace: Trace, side: 'before' | 'after'): void => {
    for (const span of trace.spans) {
      const key = JSON.stringify([span.service, span.name]);
      let row = rows.get(key);
      if (!row)
        rows.set(
          key,
          (row = {service: span.service, name: span.name, before: none(), after: none(), change: 0}),
        );
      row[side].count++;
      row[side].self += selfTime(trace, span.index);
      if (span.failed) row[side].failures++;
    }
  };
  add(before, 'before');
  add(after, 'after');
  for (const row of rows.values()) row.change = row.after.self - row.before.self;
  return [...rows.values()].sort(
    (a, b) => Math.abs(b.change) - Math.abs(a.change) || a.name.localeCompare(b.name),
  );
}
