// Two traces beside each other, operation by operation.
import type {JSX} from 'preact';
import {useMemo} from 'preact/hooks';
import type {Run} from '../api/schema.ts';
import {compareTraces, type Row} from '../model/compare.ts';
import {duration, plural} from '../model/text.ts';
import type {Trace} from '../model/trace.ts';
import {Empty, Failure, Section, Text, Wide} from '../parts/basics.tsx';
import {useKeys} from '../parts/keys.ts';
import {go, href} from '../parts/router.ts';
import {RunName} from '../parts/run.tsx';
import {useTrace} from './trace.tsx';

const rowsMax = 500;

function Side({
  trace,
  run,
  title,
  id,
}: {
  trace: Trace;
  run: Run | undefined;
  title: string;
  id: string;
}): JSX.Element {
  const root = trace.spans[trace.roots[0]];
  return (
    <div class="tile">
      <h2>{title}</h2>
      <p>
        <a href={href(['traces', id])}>
          <strong>
            <Text of={root?.name || '(no name)'} limit={120} />
          </strong>
        </a>
      </p>
      <p class="tile-value">{duration(trace.duration)}</p>
      <p class="muted">
        {plural(trace.spans.length, 'span')}, {plural(trace.failures, 'error')},{' '}
        <span class="mono">{id.slice(0, 8)}</span>
      </p>
      {run && (
        <p class="muted">
          <RunName run={run} />
        </p>
      )}
    </div>
  );
}

function Change({row, largest}: {row: Row; largest: number}): JSX.Element {
  const part = Math.min(1, Math.abs(row.change) / largest) * 50;
  return (
    <span class="change">
      <span
        class={`change-bar ${row.change > 0 ? 'slower' : 'faster'}`}
        style={row.change > 0 ? {left: '50%', width: `${part}%`} : {right: '50%', width: `${part}%`}}
      />
    </span>
  );
}

export function CompareView({before, after}: {before: string; after: string}): JSX.Element {
  const left = useTrace(before, false, 0);
  const right = useTrace(after, false, 0);
  const rows = useMemo(
    () => (left.trace && right.trace ? compareTraces(left.trace, right.trace) : []),
    [left.trace, right.trace],
  );
  useKeys('Compare', [
    {keys: ['x'], label: 'Swap the sides', run: () => go(['compare', after, before])},
    {keys: ['Escape'], label: 'To the first trace', run: () => go(['traces', before])},
  ]);
  if (left.missing || right.missing)
    return (
      <div class="page">
        <h1 class="hidden">Compare two traces</h1>
        <Empty title="One of the traces is not held here any more" />
      </div>
    );
  if (left.error || right.error) return <Failure message={left.error ?? right.error ?? ''} />;
  if (!left.trace || !right.trace) return <p class="loading">Loading…</p>;
  const largest = Math.max(1e-9, ...rows.slice(0, rowsMax).map((row) => Math.abs(row.change)));
  const signed = (millis: number): string => (millis > 0 ? `+${duration(millis)}` : duration(millis));
  return (
    <div class="page">
      <header class="section-head">
        <h1>Compare two traces</h1>
        <button type="button" class="button" onClick={() => go(['compare', after, before])}>
          Swap
        </button>
      </header>
      <div class="tiles">
        <Side trace={left.trace} run={left.run} title="First" id={before} />
        <Side trace={right.trace} run={right.run} title="Second" id={after} />
        <div class="tile">
          <h2>Change</h2>
          <p class="tile-value">{signed(right.trace.duration - left.trace.duration)}</p>
          <p class="muted">
            {plural(rows.filter((row) => row.before.count === 0).length, 'operation')} only in the second,{' '}
            {rows.filter((row) => row.after.count === 0).length} only in the first
          </p>
        </div>
      </div>
      <Section title="Operations by change of their own time">
        <Wide label="Operations">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Operation</th>
                <th scope="col" class="number">
                  First
                </th>
                <th scope="col" class="number">
                  Second
                </th>
                <th scope="col" class="number">
                  Change
                </th>
                <th scope="col">Faster, slower</th>
                <th scope="col" class="number">
                  Spans
                </th>
                <th scope="col" class="number">
                  Errors
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, rowsMax).map((row) => (
                <tr key={`${row.service}\n${row.name}`}>
                  <th scope="row" class="operation">
                    <Text of={row.name || '(no name)'} limit={160} />{' '}
                    <span class="muted">
                      <Text of={row.service} limit={80} />
                    </span>
                  </th>
                  <td class="number">{row.before.count === 0 ? '–' : duration(row.before.self)}</td>
                  <td class="number">{row.after.count === 0 ? '–' : duration(row.after.self)}</td>
                  <td class="number">{signed(row.change)}</td>
                  <td>
                    <Change row={row} largest={largest} />
                  </td>
                  <td class="number">
                    {row.before.count} → {row.after.count}
                  </td>
                  <td class={`number ${row.after.failures > row.before.failures ? 'bad' : ''}`}>
                    {row.before.failures} → {row.after.failures}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
        {rows.length > rowsMax && (
          <p class="hint">
            The {rowsMax} largest changes of {rows.length} operations.
          </p>
        )}
      </Section>
    </div>
  );
}
