// All that is known of one span.
import type {JSX} from 'preact';
import {useState} from 'preact/hooks';
import {selfTime} from '../model/critical_path.ts';
import {modelCall, type ModelCall} from '../model/gen_ai.ts';
import {instant, millisOf, millisSince} from '../model/instant.ts';
import {count, dateAndTime, duration, percent} from '../model/text.ts';
import type {Span, Trace} from '../model/trace.ts';
import {AttributeTable, Copy, Text} from '../parts/basics.tsx';
import {go, href} from '../parts/router.ts';
import {severityClass, severityName} from './severity.ts';

const problemText: Record<string, string> = {
  'orphan': 'Its parent was not received.',
  'cycle': 'Its parents form a cycle.',
  'duplicate': 'Another span has the same id.',
  'ends before start': 'It ends before it starts; drawn without length.',
  'starts before parent': 'It starts before its parent: the clocks differ.',
  'no start time': 'It has no start time.',
  'far from the other spans': 'Its time is far from that of the other spans; drawn at the edge.',
};

function ModelCallView({call}: {call: ModelCall}): JSX.Element {
  const facts: [string, string][] = [
    ['Operation', call.operation],
    ['Model', [call.provider, call.model].filter(Boolean).join(' · ')],
    [
      'Tokens',
      call.inputTokens === undefined && call.outputTokens === undefined
        ? ''
        : `${count(call.inputTokens ?? 0)} in, ${count(call.outputTokens ?? 0)} out`,
    ],
    ['Cost', call.cost ?? ''],
    ['Finished', call.finish],
  ];
  return (
    <div class="attributes">
      <h3>Language model</h3>
      <dl>
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div class="attribute" key={name}>
              <dt>{name}</dt>
              <dd>
                <Text of={value} limit={300} />
              </dd>
            </div>
          ))}
      </dl>
      {call.messages.length > 0 && (
        <ol class="messages" aria-label="Messages">
          {call.messages.map((message, i) => (
            <li key={i} class={`message message-${message.role === 'user' ? 'user' : 'other'}`}>
              <span class="muted">
                <Text of={message.role} limit={40} />
              </span>
              <p>
                <Text of={message.text} limit={8000} />
              </p>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function Moments({trace, span, search}: {trace: Trace; span: Span; search: string}): JSX.Element {
  const offset = (unixNano: string): string => {
    const at = instant(unixNano);
    return at ? `+${duration(millisSince(trace.origin, at) - span.start)}`.replace('+−', '−') : '';
  };
  return (
    <>
      {span.events.length > 0 && (
        <div class="attributes">
          <h3>
            Events <span class="muted">{count(span.events.length)}</span>
          </h3>
          {span.events.slice(0, 200).map((event, i) => (
            <details class="moment" key={i} open={event.name === 'exception'}>
              <summary>
                <span class={`badge ${event.name === 'exception' ? 'bad' : ''}`}>
                  <Text of={event.name} limit={120} />
                </span>
                <span class="muted">{offset(event.time_unix_nano)}</span>
              </summary>
              <AttributeTable title="Attributes" rows={event.attributes} search={search} />
            </details>
          ))}
        </div>
      )}
      {span.logs.length > 0 && (
        <div class="attributes">
          <h3>
            Logs <span class="muted">{count(span.logs.length)}</span>
          </h3>
          {span.logs.slice(0, 200).map((log, i) => (
            <details class="moment" key={i}>
              <summary>
                <span class={`badge ${severityClass(log.severity_number)}`}>{severityName(log)}</span>{' '}
                <Text of={log.body} limit={400} /> <span class="muted">{offset(log.time_unix_nano)}</span>
              </summary>
              <AttributeTable title="Attributes" rows={log.attributes} search={search} />
            </details>
          ))}
        </div>
      )}
      {span.links.length > 0 && (
        <div class="attributes">
          <h3>
            Links <span class="muted">{count(span.links.length)}</span>
          </h3>
          {span.links.slice(0, 100).map((link, i) => (
            <div class="moment" key={i}>
              {link.is_held ? (
                <a class="mono" href={href(['traces', link.trace_id], {span: link.span_id})}>
                  {link.trace_id}
                </a>
              ) : (
                <>
                  <span class="mono">{link.trace_id}</span> <span class="muted">is not held here</span>
                </>
              )}
              <AttributeTable title="Attributes" rows={link.attributes} search={search} />
            </div>
          ))}
        </div>
      )}
    </>
  );
}

export function SpanDetail({
  trace,
  span,
  onClose,
}: {
  trace: Trace;
  span: Span;
  onClose: () => void;
}): JSX.Element {
  const [search, setSearch] = useState('');
  const length = span.end - span.start;
  const call = modelCall(span);
  const startsAt = trace.origin.seconds * 1e3 + trace.origin.nanos / 1e6 + span.start;
  const filter = (key: string, value: string): void =>
    go(['traces'], {q: `${key}=${/[\s"]/.test(value) ? JSON.stringify(value.replaceAll('"', '')) : value}`});
  return (
    <aside class="detail" aria-label="Selected span">
      <header>
        <h2>
          <Text of={span.name || '(no name)'} limit={500} />
        </h2>
        <button
          type="button"
          class="quiet"
          aria-label="Close the details"
          title="Close (Esc)"
          onClick={onClose}
        >
          ×
        </button>
      </header>
      <p class="detail-line">
        <Text of={span.service} limit={200} /> {span.kind && <span class="badge">{span.kind}</span>}{' '}
        {span.failed && <span class="badge bad">error</span>}
      </p>
      {span.statusMessage && (
        <p class="failure">
          <Text of={span.statusMessage} limit={4000} />
        </p>
      )}
      {span.problems.map((problem) => (
        <p class="strip warn" key={problem}>
          {problemText[problem]}
        </p>
      ))}
      <dl class="facts">
        <div>
          <dt>Duration</dt>
          <dd>{duration(length)}</dd>
        </div>
        <div>
          <dt>Self</dt>
          <dd>{duration(selfTime(trace, span.index))}</dd>
        </div>
        <div>
          <dt>Of the trace</dt>
          <dd>{percent(length / Math.max(trace.duration, 1e-9))}</dd>
        </div>
        <div>
          <dt>Starts</dt>
          <dd title={dateAndTime(startsAt)}>+{duration(span.start)}</dd>
        </div>
      </dl>
      {call && <ModelCallView call={call} />}
      {span.attributes.length + span.resource.length > 6 && (
        <input
          class="search"
          type="search"
          placeholder="Search in attributes"
          aria-label="Search in attributes"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <AttributeTable title="Attributes" rows={span.attributes} search={search} onFilter={filter} />
      <Moments trace={trace} span={span} search={search} />
      <AttributeTable title="Resource" rows={span.resource} search={search} onFilter={filter} />
      <AttributeTable
        title="Span"
        search={search}
        rows={[
          {key: 'span id', value: span.id},
          {key: 'parent', value: span.parentId || '–'},
          {key: 'scope', value: span.scope || '–'},
          {key: 'pipeline', value: span.pipeline},
          {key: 'start', value: dateAndTime(startsAt)},
        ]}
      />
      {span.isCut && (
        <p class="hint">The span has more than is shown here; copy the trace as OTLP JSON for all of it.</p>
      )}
      <div class="detail-actions">
        <Copy text={span.id} label="Copy the id" />
      </div>
    </aside>
  );
}

export function LooseLogs({trace}: {trace: Trace}): JSX.Element | null {
  if (trace.looseLogs.length === 0) return null;
  return (
    <details class="loose">
      <summary>{count(trace.looseLogs.length)} log records of the trace without a span</summary>
      <ul>
        {trace.looseLogs.slice(0, 200).map((log) => (
          <li key={log.cursor}>
            <span class={`badge ${severityClass(log.severity_number)}`}>{severityName(log)}</span>{' '}
            <Text of={log.body} limit={400} />{' '}
            <span class="muted">{dateAndTime(millisOf(log.time_unix_nano))}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
