// One trace: waterfall or flame view, minimap, critical path, search, and the span that is selected.
import type {JSX} from 'preact';
import {useEffect, useMemo, useState} from 'preact/hooks';
import {ApiError, get, getTrace} from '../api/client.ts';
import type {Run} from '../api/schema.ts';
import {criticalPath, type Segment} from '../model/critical_path.ts';
import {matches, parseFilter, type Item} from '../model/filter.ts';
import {modelTotals} from '../model/gen_ai.ts';
import {count, dateAndTime, decimal, duration, plural} from '../model/text.ts';
import {buildTrace, visibleRows, type Span, type Trace} from '../model/trace.ts';
import {Choice, Copy, Empty, Failure, Text} from '../parts/basics.tsx';
import {FilterBox} from '../parts/filter_box.tsx';
import {useKeys} from '../parts/keys.ts';
import {go, href, replace} from '../parts/router.ts';
import {RunBadge} from '../parts/run.tsx';
import {Flame} from './flame.tsx';
import {Minimap} from './minimap.tsx';
import {LooseLogs, SpanDetail} from './span_detail.tsx';
import {hue, Waterfall, type Frame} from './waterfall.tsx';

const views = [
  ['waterfall', 'Waterfall'],
  ['flame', 'Flame'],
] as const;
const waitMillisMax = 10_000;

interface State {
  trace?: Trace;
  run?: Run;
  incomplete?: boolean;
  error?: string;
  missing?: boolean;
}

/** Loads a trace; with `wait` it asks again for a while as long as there is none. */
export function useTrace(id: string, wait: boolean, again: number): State {
  const [state, setState] = useState<State>({});
  useEffect(() => {
    const abort = new AbortController();
    const until = Date.now() + waitMillisMax;
    const load = async (): Promise<void> => {
      try {
        const received = await getTrace(id, abort.signal);
        performance.mark('trace received');
        setState({
          trace: buildTrace({...received, id}),
          run: received.run,
          incomplete: received.is_incomplete,
        });
      } catch (failure) {
        if (abort.signal.aborted) return;
        const missing = failure instanceof ApiError && failure.status === 404;
        if (missing && wait && Date.now() < until) setTimeout(load, 300);
        else setState({error: failure instanceof Error ? failure.message : String(failure), missing});
      }
    };
    void load();
    return () => abort.abort();
  }, [id, again]);
  return state;
}

function spanItem(span: Span): Item {
  return {
    get: (key) => {
      switch (key) {
        case 'name':
        case 'operation':
          return span.name;
        case 'service':
          return span.service;
        case 'duration':
          return span.end - span.start;
        case 'status':
          return span.failed ? 'error' : 'ok';
        case 'kind':
          return span.kind;
        default:
          return (
            span.attributes.find((one) => one.key === key) ?? span.resource.find((one) => one.key === key)
          )?.value;
      }
    },
    text: () =>
      `${span.name}\n${span.service}\n${span.statusMessage}\n${span.id}\n${span.attributes
        .map((one) => `${one.key}=${one.value}`)
        .join('\n')}\n${span.events.map((one) => one.name).join('\n')}\n${span.logs
        .map((one) => one.body)
        .join('\n')}`,
  };
}

const otlpText = async (id: string): Promise<string> =>
  JSON.stringify(await get(`traces/${id}/otlp`), null, 2);
// By a request of the page, which knows the token; a link would not.
async function download(id: string): Promise<void> {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([await otlpText(id)], {type: 'application/json'}));
  link.download = `trace-${id}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const curlText = async (id: string): Promise<string> =>
  `curl -i http://localhost:4318/v1/traces -H 'Content-Type: application/json' -d ${shellQuoted(JSON.stringify(await get(`traces/${id}/otlp`)))}`;

function Head({
  trace,
  run,
  query,
  id,
}: {
  trace: Trace;
  run: Run | undefined;
  query: Record<string, string>;
  id: string;
}): JSX.Element {
  const root = trace.spans[trace.roots[0]];
  const models = useMemo(() => modelTotals(trace.spans), [trace]);
  return (
    <header class="trace-head">
      <div>
        <h1>
          <a href={href(['traces'])} aria-label="All traces" title="All traces (Esc)">
            Traces
          </a>{' '}
          <span class="muted">/</span> <Text of={root?.name || '(no name)'} limit={160} />
        </h1>
        <p class="muted">
          {root && <Text of={root.service} limit={80} />} ·{' '}
          {dateAndTime(trace.origin.seconds * 1e3 + trace.origin.nanos / 1e6)} ·{' '}
          <strong>{duration(trace.duration)}</strong> · {plural(trace.spans.length, 'span')} ·{' '}
          {plural(trace.services.length, 'service')}
          {trace.failures > 0 && (
            <>
              {' '}
              · <span class="bad">{plural(trace.failures, 'error')}</span>
            </>
          )}
          {models &&
            ` · ${models.models.join(', ') || 'language model'}: ${plural(models.calls, 'call')}, ${count(models.inputTokens)} tokens in, ${count(models.outputTokens)} out${models.cost > 0 ? `, cost ${decimal(models.cost)}` : ''}`}{' '}
          · <span class="mono">{id}</span> <RunBadge run={run} />
        </p>
      </div>
      <div class="section-aside">
        <Copy
          text={() => `${location.origin}/${href(['traces', id], {span: query.span})}`}
          label="Copy link"
        />
        <Copy text={() => otlpText(id)} label="Copy JSON" title="The trace as OTLP JSON" />
        <Copy text={() => curlText(id)} label="Copy curl" title="A command that sends the trace again" />
        <button type="button" class="button" onClick={() => void download(id)}>
          Download
        </button>
        <a
          class="button"
          href={href(['traces'], {compare: id, q: root && `operation=${JSON.stringify(root.name)}`})}
        >
          Compare…
        </a>
      </div>
    </header>
  );
}

export function TraceView({id, query}: {id: string; query: Record<string, string>}): JSX.Element {
  const [again, setAgain] = useState(0);
  const {trace, run, error, missing, incomplete} = useTrace(id, query.wait === '1', again);
  if (trace)
    return (
      <Loaded
        trace={trace}
        run={run}
        id={id}
        query={query}
        isIncomplete={incomplete === true}
        onReload={() => setAgain((n) => n + 1)}
      />
    );
  if (missing) {
    return (
      <div class="page">
        <h1 class="hidden">Trace</h1>
        <Empty title="This trace is not held here">
          The console keeps recent telemetry only. <a href={href(['traces'])}>Traces that are held</a>
        </Empty>
      </div>
    );
  }
  return error ? <Failure message={error} /> : <p class="loading">Loading…</p>;
}

function Loaded({
  trace,
  run,
  id,
  query,
  isIncomplete,
  onReload,
}: {
  trace: Trace;
  run: Run | undefined;
  id: string;
  query: Record<string, string>;
  isIncomplete: boolean;
  onReload: () => void;
}): JSX.Element {
  const whole: Frame = useMemo(() => ({from: 0, to: Math.max(trace.duration, 1e-6)}), [trace]);
  const [frame, setFrame] = useState(whole);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const [showPath, setShowPath] = useState(true);
  const [search, setSearch] = useState('');
  const view = query.view === 'flame' ? 'flame' : 'waterfall';
  const setView = (next: 'waterfall' | 'flame'): void =>
    replace(['traces', id], {...query, view: next === 'flame' ? next : undefined});
  const find = (): number => trace.spans.findIndex((span) => span.id === query.span);
  const [selected, setSelected] = useState(find);
  // A link may lead to another span of the same trace; spans with the same id are told apart by the reader's own choice.
  useEffect(() => {
    if ((trace.spans[selected]?.id ?? '') !== (query.span ?? '')) setSelected(find());
  }, [query.span, trace]);
  // From the data to its picture: what the browser's own tools and the tests measure.
  useEffect(() => {
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (performance.getEntriesByName('trace received').length > 0)
          performance.measure('trace drawn', 'trace received');
        performance.clearMarks('trace received');
      }),
    );
  }, [trace]);

  const rows = useMemo(() => visibleRows(trace, collapsed), [trace, collapsed]);
  const path = useMemo(() => {
    const bySpan = new Map<number, Segment[]>();
    for (const segment of showPath ? criticalPath(trace) : []) {
      const own = bySpan.get(segment.span);
      if (own) own.push(segment);
      else bySpan.set(segment.span, [segment]);
    }
    return bySpan;
  }, [trace, showPath]);
  const found = useMemo(() => {
    const terms = parseFilter(search);
    return terms.length === 0
      ? undefined
      : trace.spans.filter((span) => matches(terms, spanItem(span))).map((span) => span.index);
  }, [trace, search]);
  const matched = useMemo(() => found && new Set(found), [found]);
  const vocabulary = useMemo(() => {
    const words = new Map<string, string[]>([
      ['service', trace.services],
      ['name', [...new Set(trace.spans.slice(0, 5000).map((span) => span.name))]],
      ['status', ['error', 'ok']],
      ['duration', ['10ms', '100ms', '1s']],
    ]);
    for (const span of trace.spans.slice(0, 500)) {
      for (const {key, value} of span.attributes) {
        const values = words.get(key);
        if (!values) words.set(key, [value]);
        else if (values.length < 20 && !values.includes(value)) values.push(value);
      }
    }
    return words;
  }, [trace]);

  const select = (index: number): void => {
    setSelected(index);
    replace(['traces', id], {...query, wait: undefined, span: trace.spans[index]?.id});
    if (index < 0) return;
    // A span inside a folded subtree is unfolded.
    const closed = new Set(collapsed);
    for (let up = trace.spans[index].parent; up >= 0; up = trace.spans[up].parent) closed.delete(up);
    if (closed.size !== collapsed.size) setCollapsed(closed);
  };
  const toggle = (index: number, isOpen?: boolean): void => {
    const next = new Set(collapsed);
    if (isOpen ?? next.has(index)) next.delete(index);
    else if (trace.spans[index].children.length > 0) next.add(index);
    setCollapsed(next);
  };
  const step = (by: number): void => {
    const at = rows.indexOf(selected);
    select(rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))] ?? -1);
  };
  const stepTo = (among: readonly number[], by: number): void => {
    if (among.length === 0) return;
    const next =
      by > 0
        ? (among.find((index) => index > selected) ?? among[0])
        : ([...among].reverse().find((index) => index < selected) ?? among.at(-1)!);
    select(next);
  };
  const zoom = (factor: number): void => {
    const span = trace.spans[selected];
    const middle = span && factor < 1 ? (span.start + span.end) / 2 : (frame.from + frame.to) / 2;
    const half = Math.max(whole.to * 1e-6, ((frame.to - frame.from) * factor) / 2);
    const from = Math.max(0, Math.min(middle - half, whole.to - 2 * half));
    setFrame({from, to: Math.min(whole.to, from + 2 * half)});
  };
  const pan = (by: number): void => {
    const width = frame.to - frame.from;
    const from = Math.max(0, Math.min(frame.from + by * width, whole.to - width));
    setFrame({from, to: from + width});
  };
  const failures = (): number[] => trace.spans.filter((span) => span.failed).map((span) => span.index);
  useKeys('Trace', [
    {keys: ['j', 'ArrowDown'], label: 'Next span', run: () => step(1)},
    {keys: ['k', 'ArrowUp'], label: 'Span before', run: () => step(-1)},
    {
      keys: ['ArrowLeft', 'h'],
      label: 'Fold, or to the parent',
      run: () => {
        const span = trace.spans[selected];
        if (!span) return;
        if (span.children.length > 0 && !collapsed.has(selected)) toggle(selected, false);
        else if (span.parent >= 0) select(span.parent);
      },
    },
    {keys: ['ArrowRight'], label: 'Unfold', run: () => selected >= 0 && toggle(selected, true)},
    {keys: ['e'], label: 'Next error', run: () => stepTo(failures(), 1)},
    {keys: ['n'], label: 'Next match', run: () => stepTo(found ?? [], 1)},
    {keys: ['N'], label: 'Match before', run: () => stepTo(found ?? [], -1)},
    {keys: ['c'], label: 'Critical path', run: () => setShowPath(!showPath)},
    {
      keys: ['f'],
      label: 'Waterfall and flame view',
      run: () => setView(view === 'flame' ? 'waterfall' : 'flame'),
    },
    {keys: ['+', '='], label: 'Closer', run: () => zoom(0.5)},
    {keys: ['-'], label: 'Further', run: () => zoom(2)},
    {keys: ['[', 'H'], label: 'Earlier', run: () => pan(-0.25)},
    {keys: [']', 'L'], label: 'Later', run: () => pan(0.25)},
    {keys: ['0'], label: 'The whole trace', run: () => setFrame(whole)},
    {keys: ['r'], label: 'Load the trace again', run: onReload},
    {
      keys: ['Escape'],
      label: 'Close the details, then the trace',
      run: () => (selected >= 0 ? select(-1) : go(['traces'])),
    },
  ]);
  const span = trace.spans[selected];
  return (
    <div class="fill">
      <Head trace={trace} run={run} query={query} id={id} />
      <div class="toolbar">
        <FilterBox
          value={search}
          onChange={setSearch}
          vocabulary={vocabulary}
          label="Find spans"
          placeholder="Find spans: text, key=value, duration>10ms"
        />
        {found && <span class="nowrap">{plural(found.length, 'match', 'matches')}</span>}
        <Choice label="View" value={view} options={views} onChange={setView} />
        <button type="button" class="button" aria-pressed={showPath} onClick={() => setShowPath(!showPath)}>
          <span class="critical-key" aria-hidden="true" />
          Critical path
        </button>
        <ul class="legend" aria-label="Services">
          {trace.services.slice(0, 8).map((service) => (
            <li key={service}>
              <span class={`swatch ${hue(trace, service)}`} />
              <Text of={service} limit={40} />
            </li>
          ))}
          {trace.services.length > 8 && <li class="muted">+{trace.services.length - 8}</li>}
        </ul>
      </div>
      {isIncomplete && (
        <p class="strip warn">
          Parts of this trace were not read.{' '}
          <button type="button" class="button" onClick={onReload}>
            Load again
          </button>
        </p>
      )}
      <Minimap trace={trace} frame={frame} onFrame={setFrame} />
      <div class={`trace-body ${span ? 'with-detail' : ''}`}>
        {view === 'flame' ? (
          <Flame trace={trace} frame={frame} selected={selected} onSelect={select} />
        ) : (
          <Waterfall
            trace={trace}
            rows={rows}
            frame={frame}
            collapsed={collapsed}
            selected={selected}
            matched={matched}
            path={path}
            onSelect={select}
            onToggle={toggle}
          />
        )}
        {span && <SpanDetail key={span.index} trace={trace} span={span} onClose={() => select(-1)} />}
      </div>
      <LooseLogs trace={trace} />
    </div>
  );
}
