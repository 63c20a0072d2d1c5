// How metrics, their values and their series are called.
import type {Series} from '../api/schema.ts';
import {bytes, decimal, duration} from '../model/text.ts';
import {runTitle} from '../parts/run.tsx';

const secondsOf: Record<string, number> = {ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, min: 60e3, h: 3600e3};

export function kindText(one: {type: string; temporality: string; is_monotonic: boolean}): string {
  const type = one.type === 'sum' && one.is_monotonic ? 'counter' : one.type.replaceAll('_', ' ');
  return one.temporality === 'unspecified' ? type : `${type}, ${one.temporality}`;
}

/** How a value of this unit is written. */
export function unitFormat(unit: string): (value: number) => string {
  if (secondsOf[unit] !== undefined) return (value) => duration(value * secondsOf[unit]);
  if (unit === 'By') return bytes;
  return decimal;
}

/** The unit for a title, where the values do not name it. */
export const unitName = (unit: string): string =>
  secondsOf[unit] !== undefined || unit === 'By' || unit === '1' ? '' : unit.replace(/^\{(.*)\}$/, '$1');

/** Without the attributes of `shared`; an earlier run is named. */
export function seriesName(one: Series, shared: ReadonlySet<string>): string {
  const own = one.attributes
    .filter(({key, value}) => !shared.has(`${key}\n${value}`))
    .map(({key, value}) => `${key}=${value}`)
    .join(' ');
  const name = own === '' ? one.service || 'all' : own;
  return one.run.is_current ? name : `${name}, ${runTitle(one.run)}`;
}

/** Attributes that all series have alike: they say nothing in a legend. */
export function sharedAttributes(all: readonly Series[]): Set<string> {
  const counts = new Map<string, number>();
  for (const one of all)
    for (const {key, value} of one.attributes)
      counts.set(`${key}\n${value}`, (counts.get(`${key}\n${value}`) ?? 0) + 1);
  return new Set(all.length < 2 ? [] : [...counts].filter(([, n]) => n === all.length).map(([key]) => key));
}
