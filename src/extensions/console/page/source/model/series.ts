// Points of metrics as lines and columns: sums as rates, histograms as counts of each interval.
import type {Point} from '../api/schema.ts';
import {instant, unixMillis} from './instant.ts';

export interface Sample {
  at: number; // milliseconds since 1970
  value: number | null;
}
export interface Column {
  at: number;
  bounds: number[]; // of all buckets but the last, ascending
  counts: number[]; // one more than bounds
}

const millis = (unixNano: string): number => {
  const at = instant(unixNano);
  return at ? unixMillis(at) : NaN;
};
const timed = (points: readonly Point[]): {at: number; point: Point}[] =>
  points
    .map((point) => ({at: millis(point.time_unix_nano), point}))
    .filter(({at}) => !Number.isNaN(at))
    .sort((a, b) => a.at - b.at);

/** Of each second, between neighbours. A counter that fell began again at 0. */
export function rates(points: readonly Point[], temporality: string): Sample[] {
  const found: Sample[] = [];
  let before: {at: number; point: Point} | undefined;
  for (const one of timed(points)) {
    const value = one.point.value ?? one.point.count;
    if (value === null) continue;
    if (temporality === 'delta') {
      const from = millis(one.point.start_unix_nano);
      const start = Number.isNaN(from) ? before?.at : from;
      if (start !== undefined && one.at > start)
        found.push({at: one.at, value: value / ((one.at - start) / 1e3)});
    } else if (before && one.at > before.at) {
      const last = before.point.value ?? before.point.count ?? 0;
      found.push({at: one.at, value: (value >= last ? value - last : value) / ((one.at - before.at) / 1e3)});
    }
    before = one;
  }
  return found;
}

export function values(points: readonly Point[]): Sample[] {
  return timed(points).map(({at, point}) => ({at, value: point.value}));
}

/** What each histogram added to the one before it. Where bounds change or counts fall, it stands for itself. */
export function columns(points: readonly Point[], temporality: string): Column[] {
  const found: Column[] = [];
  let before: Point | undefined;
  for (const {at, point} of timed(points)) {
    if (point.bucket_counts.length !== point.explicit_bounds.length + 1) continue;
    const last = before;
    before = point;
    if (temporality === 'delta') {
      found.push({at, bounds: point.explicit_bounds, counts: point.bucket_counts});
      continue;
    }
    if (!last) continue;
    const isSame =
      last.explicit_bounds.length === point.explicit_bounds.length &&
      last.explicit_bounds.every((bound, i) => bound === point.explicit_bounds[i]) &&
      point.bucket_counts.every((n, i) => n >= last.bucket_counts[i]);
    const counts = isSame
      ? point.bucket_counts.map((n, i) => n - last.bucket_counts[i])
      : point.bucket_counts;
    found.push({at, bounds: point.explicit_bounds, counts});
  }
  return found;
}

/** The value below which `part` of the counts lie, linear inside its bucket; NaN without counts. */
export function quantile(column: Column, part: number): number {
  const {bounds, counts} = column;
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (total === 0 || bounds.length === 0) return NaN;
  let rest = total * part;
  for (let i = 0; i < counts.length; i++) {
    if (rest > counts[i] || counts[i] === 0) {
      rest -= counts[i];
      continue;
    }
    if (i >= bounds.length) return bounds[bounds.length - 1];
    const low = i > 0 ? bounds[i - 1] : Math.min(0, bounds[0]);
    return low + (bounds[i] - low) * (rest / counts[i]);
  }
  return bounds[bounds.length - 1];
}

/** Columns of several series added up by time, on the union of their bounds. */
export function merge(all: readonly (readonly Column[])[]): Column[] {
  const bounds = [...new Set(all.flatMap((one) => one.flatMap((column) => column.bounds)))].sort(
    (a, b) => a - b,
  );
  const place = new Map(bounds.map((bound, i) => [bound, i]));
  const byTime = new Map<number, Column>();
  for (const column of all.flat()) {
    // What was reported within a second belongs together.
    const at = Math.round(column.at / 1e3) * 1e3;
    let sum = byTime.get(at);
    if (!sum) byTime.set(at, (sum = {at, bounds, counts: new Array<number>(bounds.length + 1).fill(0)}));
    column.counts.forEach((n, i) => {
      sum.counts[i < column.bounds.length ? place.get(column.bounds[i])! : bounds.length] += n;
    });
  }
  return [...byTime.values()].sort((a, b) => a.at - b.at);
}

/** Several lines on common times: the union of their times, null where a line has no value. */
export function align(lines: readonly (readonly Sample[])[]): {at: number[]; values: (number | null)[][]} {
  const at = [...new Set(lines.flatMap((line) => line.map((one) => one.at)))].sort((a, b) => a - b);
  const place = new Map(at.map((time, i) => [time, i]));
  const rows = lines.map((line) => {
    const row = new Array<number | null>(at.length).fill(null);
    for (const one of line) row[place.get(one.at)!] = one.value;
    return row;
  });
  return {at, values: rows};
}
