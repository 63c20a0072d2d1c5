// The list of recent traces.
import type {JSX} from 'preact';
import {useEffect, useMemo, useState} from 'preact/hooks';
import {useArrivals} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {TraceList, TraceSummary} from '../api/schema.ts';
import {matches, parseFilter} from '../model/filter.ts';
import {millisOf} from '../model/instant.ts';
import {ago, count, dateAndTime, duration, plural} from '../model/text.ts';
import {summaryItem, traceQuestion} from '../model/trace_query.ts';
import {Choice, Failure, NoRows, Text, VirtualRows} from '../parts/basics.tsx';
import {FilterBox} from '../parts/filter_box.tsx';
import {useKeys} from '../parts/keys.ts';
import {go, href, replace} from '../parts/router.ts';
import {RunBadge} from '../parts/run.tsx';
import {TestTraceButton} from './connect.tsx';
import {useVocabulary} from './vocabulary.ts';

const orders = [
  ['errors', 'Errors, then slow'],
  ['recent', 'Newest'],
  ['duration', 'Slowest'],
] as const;
const rowHeight = 34;

function TraceRow({
  one,
  longest,
  selected,
  target,
  index,
  now,
}: {
  one: TraceSummary;
  longest: number;
  selected: boolean;
  target: string;
  index: number;
  now: number;
}): JSX.Element {
  const at = millisOf(one.start_unix_nano);
  return (
    <div role="listitem">
      <a class={`trace-row ${selected ? 'selected' : ''}`} href={target} id={`trace-${index}`}>
        <span class="trace-name">
          <span class={`dot ${one.error_count > 0 ? 'bad' : 'quiet-dot'}`} />
          <strong>
            <Text of={one.root_operation || '(no name)'} limit={200} />
          </strong>{' '}
          <span class="muted">
            <Text of={one.root_service || 'no service.name'} limit={100} />
          </span>
          {!one.has_root && <span class="badge warn">root not seen</span>}
          <RunBadge run={one.run} />
        </span>
        <span class="trace-errors">
          {one.error_count > 0 && <span class="badge bad">{plural(one.error_count, 'error')}</span>}
        </span>
        <span class="trace-services number muted">{plural(one.services.length, 'service')}</span>
        <span class="trace-spans number">{plural(one.span_count, 'span')}</span>
        <span class="trace-duration">
          <span class="trace-bar" style={{width: `${Math.max(0.5, (one.duration_ns / longest) * 100)}%`}} />
          <span class="number">{duration(one.duration_ns / 1e6)}</span>
        </span>
        <time class="muted nowrap number" title={dateAndTime(at)}>
          {ago(one.seen_at_ms, now)}
        </time>
      </a>
    </div>
  );
}

export function TracesView({query}: {query: Record<string, string>}): JSX.Element {
  const filter = query.q ?? '';
  const order = (orders.find(([key]) => key === query.sort) ?? orders[0])[0];
  const question = useMemo(() => traceQuestion(parseFilter(filter)), [filter]);
  const [limit, setLimit] = useState(200);
  const arrivals = useArrivals(1500);
  const loaded = useResource<TraceList>('traces', {...question.parameters, sort: order, limit}, arrivals);
  const shown = useMemo(
    () => (loaded.value?.traces ?? []).filter((one) => matches(question.rest, summaryItem(one))),
    [loaded.value, question],
  );
  const longest = shown.reduce((most, one) => Math.max(most, one.duration_ns), 1);
  const vocabulary = useVocabulary(
    'traces',
    useMemo(() => {
      const traces = loaded.value?.traces ?? [];
      return {
        service: [...new Set(traces.flatMap((one) => one.services))].sort(),
        operation: [...new Set(traces.map((one) => one.root_operation))].sort(),
        duration: ['100ms', '1s', '10s'],
        error: ['true'],
        spans: [],
        errors: [],
        ...(traces.some((one) => one.run && !one.run.is_current) ? {run: ['current', 'earlier']} : {}),
      };
    }, [loaded.value]),
  );

  const [chosen, setChosen] = useState('');
  const at = shown.findIndex((one) => one.trace_id === chosen);
  const step = (by: number): void =>
    setChosen(shown[Math.max(0, Math.min(shown.length - 1, at + by))]?.trace_id ?? '');
  const target = (one: TraceSummary): string =>
    query.compare && query.compare !== one.trace_id
      ? href(['compare', query.compare, one.trace_id])
      : href(['traces', one.trace_id]);
  const set = (change: Record<string, string | undefined>): void =>
    replace(['traces'], {...query, ...change});
  const id = filter.trim().toLowerCase();
  useEffect(() => {
    if (/^[0-9a-f]{32}$/.test(id) && shown.length === 1 && shown[0].trace_id === id) go(['traces', id]);
  }, [id, shown]);
  useKeys('Traces', [
    {keys: ['j', 'ArrowDown'], label: 'Next trace', run: () => step(1)},
    {keys: ['k', 'ArrowUp'], label: 'Trace before', run: () => step(-1)},
    {
      keys: ['Enter'],
      label: 'Open the trace',
      run: () => {
        if (shown[at]) location.hash = target(shown[at]);
      },
    },
    {
      keys: ['s'],
      label: 'Next order',
      run: () => set({sort: orders[(orders.findIndex(([key]) => key === order) + 1) % orders.length][0]}),
    },
  ]);
  return (
    <div class="fill">
      <h1 class="hidden">Traces</h1>
      <div class="toolbar">
        <FilterBox
          value={filter}
          onChange={(q) => set({q})}
          vocabulary={vocabulary}
          label="Filter traces"
          placeholder="Filter: service=checkout error duration>250ms"
        />
        <Choice label="Order" value={order} options={orders} onChange={(sort) => set({sort})} />
        <span class="muted nowrap">
          {loaded.value ? `${count(shown.length)} of ${count(loaded.value.trace_count)} held` : ''}
        </span>
      </div>
      {query.compare && (
        <p class="strip">
          Choose the trace to compare with <code>{query.compare.slice(0, 8)}</code>.{' '}
          <a href={href(['traces', query.compare])}>Back</a>
        </p>
      )}
      {question.unsupported.length > 0 && (
        <p class="strip warn">
          Attributes of a list can be compared with = only, so this is not applied:{' '}
          <code>{question.unsupported.join(' ')}</code>
        </p>
      )}
      {loaded.error && <Failure message={loaded.error} />}
      {loaded.value && shown.length === 0 ? (
        <NoRows none="No trace yet" unmatched="No trace matches" filter={filter} clear={() => set({q: ''})}>
          <TestTraceButton />
        </NoRows>
      ) : (
        <VirtualRows
          count={shown.length}
          height={rowHeight}
          class="trace-list"
          role="list"
          label="Traces"
          scrollTo={at}
          keyOf={(i) => shown[i].trace_id}
          row={(i) => (
            <TraceRow
              key={shown[i].trace_id}
              one={shown[i]}
              longest={longest}
              index={i}
              selected={i === at}
              target={target(shown[i])}
              now={Date.now()}
            />
          )}
        />
      )}
      {loaded.value && loaded.value.next_cursor !== null && limit < 500 && (
        <p class="strip">
          <button type="button" class="button" onClick={() => setLimit(500)}>
            Show more
          </button>
        </p>
      )}
    </div>
  );
}
