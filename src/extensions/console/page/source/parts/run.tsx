// The run of the collector in which something was received.
import type {JSX} from 'preact';
import type {Run} from '../api/schema.ts';
import {dateAndTime} from '../model/text.ts';

const sentence = (run: Run): string =>
  `received by the run that started ${dateAndTime(run.started_at_ms)}${
    run.instance_id && `, instance ${run.instance_id}`
  }`;

/** "this run", or the earlier one by its start. */
export const runTitle = (run: Run): string =>
  run.is_current ? 'this run' : `run of ${dateAndTime(run.started_at_ms).slice(0, 19)}`;

/** A mark for what an earlier run received; nothing for this one. */
export function RunBadge({run}: {run: Run | undefined}): JSX.Element | null {
  return run && !run.is_current ? (
    <span class="badge" title={sentence(run)}>
      earlier run
    </span>
  ) : null;
}

/** Names the run, for traces beside each other. */
export function RunName({run}: {run: Run}): JSX.Element {
  return (
    <span title={sentence(run)}>
      {run.is_current ? 'this run' : 'earlier run'}, started {dateAndTime(run.started_at_ms).slice(0, 19)}
    </span>
  );
}
