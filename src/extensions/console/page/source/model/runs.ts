// Runs of the collector: what was received before and behind a restart, apart or on top of each other.
import type {Run, Series} from '../api/schema.ts';
import type {Term} from './filter.ts';
import type {Sample} from './series.ts';

export type RunChoice = 'all' | 'current' | 'earlier' | 'overlaid';

/** "current" or "earlier", as filters name them. */
export const runWord = (run: Run): string => (run.is_current ? 'current' : 'earlier');

/** The run that `run=…` asks the server for, and the terms that are left. */
export function takeRun(terms: readonly Term[]): {run: string | undefined; rest: Term[]} {
  const at = terms.findIndex((one) => one.key === 'run' && one.operator === '=' && !one.negated);
  return {run: terms[at]?.value, rest: terms.filter((_, i) => i !== at)};
}

/** The runs of the series, the newest first. */
export function runsOf(series: readonly Series[]): Run[] {
  const found = new Map(series.map(({run}) => [`${run.started_at_ms} ${run.instance_id}`, run]));
  return [...found.values()].sort((a, b) => b.started_at_ms - a.started_at_ms);
}

export const isOf = (series: Series, run: Run): boolean =>
  series.run.started_at_ms === run.started_at_ms && series.run.instance_id === run.instance_id;

export const ofChoice = (series: readonly Series[], choice: RunChoice): Series[] =>
  series.filter(({run}) => choice === 'all' || choice === 'overlaid' || runWord(run) === choice);

/** The samples of a run as if it had started when `newest` did. */
export function shifted<T extends Pick<Sample, 'at'>>(samples: readonly T[], run: Run, newest: Run): T[] {
  const by = newest.started_at_ms - run.started_at_ms;
  return samples.map((one) => ({...one, at: one.at + by}));
}
