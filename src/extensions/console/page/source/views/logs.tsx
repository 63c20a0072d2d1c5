// The live tail of log records, newest first.
import type {JSX} from 'preact';
import {useEffect, useMemo, useRef, useState} from 'preact/hooks';
import {get} from '../api/client.ts';
import {useArrivals} from '../api/live.ts';
import type {LogList, LogRecord} from '../api/schema.ts';
import {matches, parseFilter} from '../model/filter.ts';
import {millisOf} from '../model/instant.ts';
import {logItem, logQuestion, type LogQuestion} from '../model/log_query.ts';
import {count, dateAndTime, timeOfDay} from '../model/text.ts';
import {AttributeTable, Copy, Failure, NoRows, Text, VirtualRows} from '../parts/basics.tsx';
import {FilterBox} from '../parts/filter_box.tsx';
import {useKeys} from '../parts/keys.ts';
import {href, replace} from '../parts/router.ts';
import {RunBadge, runTitle} from '../parts/run.tsx';
import {severityClass, severityName} from './severity.ts';
import {useVocabulary} from './vocabulary.ts';

const recordsMax = 5000;
const pageSize = 500;
const rowHeight = 25;

interface Tail {
  question: string;
  logs?: LogRecord[];
  newest: string;
  next: string | null;
  error?: string;
}

/** The records of a question; newer ones are put in front when telemetry arrives. */
function useTail(question: LogQuestion): Tail & {more: () => void} {
  const key = JSON.stringify(question.parameters);
  const arrivals = useArrivals(700);
  const [tail, setTail] = useState<Tail>({question: key, newest: '', next: null});
  const busy = useRef(false);
  const current = useRef(tail);
  current.current = tail;

  const ask = async (more: Record<string, string>, then: (list: LogList) => Partial<Tail>): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    try {
      const list = await get<LogList>('logs', {...question.parameters, limit: pageSize, ...more});
      setTail((last) => (last.question === key ? {...last, error: undefined, ...then(list)} : last));
    } catch (failure) {
      setTail((last) => ({...last, error: failure instanceof Error ? failure.message : String(failure)}));
    } finally {
      busy.current = false;
    }
  };
  useEffect(() => {
    setTail({question: key, newest: '', next: null});
    current.current = {question: key, newest: '', next: null};
    busy.current = false;
    void ask({}, (list) => ({logs: list.logs, newest: list.newest_cursor, next: list.next_cursor}));
  }, [key]);
  useEffect(() => {
    const {newest, logs, question: asked} = current.current;
    if (asked !== key || logs === undefined || newest === '') return;
    void ask({after: newest}, (list) => ({
      logs: [...list.logs.reverse(), ...(current.current.logs ?? [])].slice(0, recordsMax),
      newest: list.newest_cursor,
    }));
  }, [arrivals]);
  const more = (): void => {
    if (tail.next === null) return;
    void ask({before: tail.next}, (list) => ({
      logs: [...(current.current.logs ?? []), ...list.logs].slice(0, recordsMax),
      next: list.next_cursor,
    }));
  };
  return {...tail, more};
}

function LogRow({
  log,
  selected,
  index,
  onSelect,
}: {
  log: LogRecord;
  selected: boolean;
  index: number;
  onSelect: () => void;
}): JSX.Element {
  const at = millisOf(log.time_unix_nano);
  return (
    <div
      class={`log-row ${selected ? 'selected' : ''} level-${severityClass(log.severity_number)}`}
      id={`log-${index}`}
      role="option"
      aria-selected={selected}
      onClick={onSelect}
    >
      <time class="mono muted" title={dateAndTime(at)}>
        {timeOfDay(at)}
      </time>
      <span class={`level ${severityClass(log.severity_number)}`}>{severityName(log)}</span>
      <span class="muted log-service">
        <Text of={log.service} limit={60} />
      </span>
      <span class="log-body mono">
        <RunBadge run={log.run} />
        {!log.run.is_current && ' '}
        <Text of={log.body.replace(/\s*\n\s*/g, ' ⏎ ')} limit={600} />
      </span>
    </div>
  );
}

function LogDetail({log, onClose}: {log: LogRecord; onClose: () => void}): JSX.Element {
  const [search, setSearch] = useState('');
  return (
    <aside class="detail" aria-label="Selected log record">
      <header>
        <h2>
          <span class={`badge ${severityClass(log.severity_number)}`}>{severityName(log)}</span>{' '}
          <Text of={log.service || 'no service.name'} limit={120} />
        </h2>
        <button type="button" class="quiet" aria-label="Close the details" onClick={onClose}>
          ×
        </button>
      </header>
      <pre class="log-full" tabIndex={0}>
        <Text of={log.body} />
        {log.body_is_cut && <span class="muted"> (cut)</span>}
      </pre>
      <div class="section-aside">
        {log.trace_id !== '' && (
          <a class="button primary" href={href(['traces', log.trace_id], {span: log.span_id})}>
            Go to the trace
          </a>
        )}
        <Copy text={log.body} label="Copy" />
        {log.trace_id !== '' && (
          <a class="button" href={href(['logs'], {q: `trace=${log.trace_id}`})}>
            Logs of the trace
          </a>
        )}
      </div>
      <p class="hint">{dateAndTime(millisOf(log.time_unix_nano))}</p>
      {log.attributes.length + log.resource_attributes.length > 6 && (
        <input
          class="search"
          type="search"
          placeholder="Search in attributes"
          aria-label="Search in attributes"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <AttributeTable title="Attributes" rows={log.attributes} search={search} />
      <AttributeTable title="Resource" rows={log.resource_attributes} search={search} />
      <AttributeTable
        title="Record"
        search={search}
        rows={[
          {key: 'severity number', value: String(log.severity_number)},
          {key: 'event name', value: log.event_name || '–'},
          {key: 'scope', value: log.scope_name || '–'},
          {key: 'trace', value: log.trace_id || '–'},
          {key: 'span', value: log.span_id || '–'},
          {key: 'pipeline', value: log.pipeline},
          {key: 'received by', value: runTitle(log.run)},
        ]}
      />
    </aside>
  );
}

export function LogsView({query}: {query: Record<string, string>}): JSX.Element {
  const filter = query.q ?? '';
  const question = useMemo(() => logQuestion(parseFilter(filter)), [filter]);
  const tail = useTail(question);
  const shown = useMemo(
    () => (tail.logs ?? []).filter((log) => matches(question.terms, logItem(log))),
    [tail.logs, question],
  );
  const [chosen, setChosen] = useState<LogRecord | undefined>();
  const at = chosen ? shown.indexOf(chosen) : -1;
  const vocabulary = useVocabulary(
    'logs',
    useMemo(
      () => ({
        service: [...new Set((tail.logs ?? []).map((log) => log.service))].sort(),
        severity: ['error', 'warn', 'info', 'debug'],
        trace: [],
        body: [],
        ...((tail.logs ?? []).some((log) => !log.run.is_current) ? {run: ['current', 'earlier']} : {}),
      }),
      [tail.logs],
    ),
  );
  const set = (q: string): void => replace(['logs'], {...query, q});
  const step = (by: number): void =>
    setChosen(shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + by))]);
  useKeys('Logs', [
    {keys: ['j', 'ArrowDown'], label: 'Next record', run: () => step(1)},
    {keys: ['k', 'ArrowUp'], label: 'Record before', run: () => step(-1)},
    {
      keys: ['Enter', 't'],
      label: 'Go to the trace',
      run: () => {
        if (chosen?.trace_id) location.hash = href(['traces', chosen.trace_id], {span: chosen.span_id});
      },
    },
    {keys: ['Escape'], label: 'Close the details', run: () => setChosen(undefined)},
  ]);
  return (
    <div class="fill">
      <h1 class="hidden">Logs</h1>
      <div class="toolbar">
        <FilterBox
          value={filter}
          onChange={set}
          vocabulary={vocabulary}
          label="Filter logs"
          placeholder="Filter: text service=checkout severity>=warn"
        />
        <span class="muted nowrap">{tail.logs ? `${count(shown.length)} shown` : ''}</span>
      </div>
      {tail.error && <Failure message={tail.error} />}
      <div class="trace-body">
        {tail.logs && shown.length === 0 ? (
          <NoRows
            none="No log record yet"
            unmatched="No record matches"
            filter={filter}
            clear={() => set('')}
          />
        ) : (
          <VirtualRows
            count={shown.length}
            height={rowHeight}
            class="log-list"
            role="listbox"
            label="Log records"
            scrollTo={at}
            keyOf={(i) => shown[i].cursor}
            active={at >= 0 ? `log-${at}` : undefined}
            row={(i) => (
              <LogRow
                key={shown[i].cursor}
                log={shown[i]}
                index={i}
                selected={i === at}
                onSelect={() => setChosen(shown[i])}
              />
            )}
          />
        )}
        {chosen && <LogDetail key={chosen.cursor} log={chosen} onClose={() => setChosen(undefined)} />}
      </div>
      {tail.next !== null && tail.logs && tail.logs.length < recordsMax && (
        <p class="strip foot">
          <button type="button" class="button" onClick={tail.more}>
            Older records
          </button>
        </p>
      )}
    </div>
  );
}
