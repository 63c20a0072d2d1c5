// The first page: what arrives and from where, what was refused, and how the destinations are. While nothing has
// arrived, it is the diagnosis of why not.
import type {JSX} from 'preact';
import {useArrivals, useLive, useTick} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {Refusals, Sender, Senders, Status} from '../api/schema.ts';
import {signals} from '../model/senders.ts';
import {ago, bytes, count, dateAndTime, duration, exact, percent, plural, rate} from '../model/text.ts';
import {Bar, Empty, Failure, Section, Sparkline, Text, Wide} from '../parts/basics.tsx';
import {href} from '../parts/router.ts';
import {Connect, TestTraceButton} from './connect.tsx';
import {DestinationTable} from './destinations.tsx';

function SignalTiles(): JSX.Element {
  const {counters, rates, recentRates} = useLive();
  if (!counters) return <></>;
  return (
    <div class="tiles">
      {Object.entries(counters.signals)
        .filter(([signal, now]) => signal !== 'profiles' || now.accepted > 0)
        .map(([signal, now]) => (
          <a class="tile" key={signal} href={href([signal === 'profiles' ? 'ledger' : signal])}>
            <h2>{signal}</h2>
            <p class="tile-value">{rate(rates[signal]?.accepted ?? 0)}</p>
            <Sparkline
              values={recentRates[signal] ?? []}
              label={`${signal} accepted each second, the last two minutes`}
            />
            <dl>
              <div>
                <dt>accepted</dt>
                <dd>{count(now.accepted)}</dd>
              </div>
              <div>
                <dt>delivered</dt>
                <dd>{count(now.delivered)}</dd>
              </div>
              <div class={now.refused > 0 ? 'warn' : ''}>
                <dt>refused</dt>
                <dd>{count(now.refused)}</dd>
              </div>
              <div class={now.dropped > 0 ? 'bad' : ''}>
                <dt>dropped</dt>
                <dd>{count(now.dropped)}</dd>
              </div>
              <div>
                <dt>held</dt>
                <dd>{count(now.held)}</dd>
              </div>
            </dl>
          </a>
        ))}
    </div>
  );
}

const sdk = (one: Sender): string =>
  [one.sdk_language, one.sdk_name === 'opentelemetry' ? '' : one.sdk_name, one.sdk_version]
    .filter(Boolean)
    .join(' ');

function SenderTable({senders, now}: {senders: Senders; now: number}): JSX.Element {
  return (
    <Wide label="Senders">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">SDK</th>
            <th scope="col">Protocol</th>
            <th scope="col">From</th>
            <th scope="col" class="number">
              Spans
            </th>
            <th scope="col" class="number">
              Points
            </th>
            <th scope="col" class="number">
              Logs
            </th>
            <th scope="col" class="number">
              Bytes
            </th>
            <th scope="col">Last</th>
          </tr>
        </thead>
        <tbody>
          {senders.senders.map((one) => (
            <tr key={`${one.service} ${one.peer} ${one.protocol} ${one.receiver} ${one.sdk_name}`}>
              <th scope="row" class="ellipsis">
                {one.service === '' ? (
                  <em>no service.name</em>
                ) : (
                  <a
                    href={href(['traces'], {
                      q: `service=${/\s/.test(one.service) ? JSON.stringify(one.service) : one.service}`,
                    })}
                  >
                    <Text of={one.service} limit={120} />
                  </a>
                )}
              </th>
              <td>
                <Text of={sdk(one) || '–'} limit={60} />
              </td>
              <td>
                {one.protocol}
                {one.encoding && <span class="muted"> {one.encoding}</span>}
              </td>
              <td class="mono">
                <Text of={one.peer} limit={60} />
              </td>
              {signals.map((signal) => (
                <td class="number" key={signal}>
                  {one.signals[signal] ? count(one.signals[signal].items) : '–'}
                </td>
              ))}
              <td class="number">
                {bytes(Object.values(one.signals).reduce((sum, part) => sum + part.bytes, 0))}
              </td>
              <td class="nowrap">{ago(one.last_seen_ms, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {senders.forgotten > 0 && (
        <p class="hint">{plural(senders.forgotten, 'older sender')} no longer listed.</p>
      )}
    </Wide>
  );
}

function RefusalList({refusals, now}: {refusals: Refusals; now: number}): JSX.Element {
  return (
    <ul class="refusals">
      {refusals.refusals.map((one) => (
        <li key={one.id}>
          <p class="refusal-head">
            <span class="badge bad">{one.reason.replaceAll('_', ' ')}</span>
            <span class="mono">
              <Text of={one.peer} limit={60} />
            </span>
            <span class="muted">
              to {one.receiver}, {one.protocol}
              {one.signal && `, ${one.signal}`}
            </span>
            {one.count > 1 && <span class="badge">{count(one.count)} times</span>}
            <time class="muted" dateTime={new Date(one.at_ms).toISOString()} title={dateAndTime(one.at_ms)}>
              {ago(one.at_ms, now)}
            </time>
          </p>
          <p class="mono refusal-detail">
            <Text of={one.detail} limit={1000} />
          </p>
          {one.remedy && (
            <p class="remedy">
              <Text of={one.remedy} />
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

function Recent({status}: {status: Status}): JSX.Element {
  const {recent, file} = status;
  const earlier = status.runs.filter((one) => !one.is_current).length;
  return (
    <p class="hint">
      {recent.bytes === 0
        ? `Nothing is kept for this page yet; there is room for ${bytes(recent.bytes_max)}.`
        : `${bytes(recent.bytes)} of at most ${bytes(recent.bytes_max)} are kept for this page${
            recent.oldest_at_ms !== null
              ? `; the oldest request came ${ago(recent.oldest_at_ms, status.now_ms)}`
              : ''
          }.`}
      {recent.skipped_requests > 0 &&
        ` ${plural(recent.skipped_requests, 'request')} passed without being kept for it.`}
      {status.sample_rate < 1 && ` Of the traces, ${percent(status.sample_rate)} are kept (sample_rate).`}
      {file &&
        ` On disk: ${bytes(file.bytes)} of at most ${bytes(file.bytes_max)} in ${file.directory}${
          earlier > 0 ? `, with requests of ${plural(earlier, 'earlier run')}` : ''
        }${file.lost_requests > 0 ? `; ${plural(file.lost_requests, 'request')} could not be written in time` : ''}.`}{' '}
      Version {status.version}, up for {duration(status.uptime_s * 1e3)}, {plural(status.workers, 'worker')}.
    </p>
  );
}

export function Overview(): JSX.Element {
  const live = useLive();
  const arrivals = useArrivals(1000);
  const tick = useTick(3000);
  const again = `${arrivals} ${tick} ${live.refusalCount}`;
  const status = useResource<Status>('status', {}, again);
  const senders = useResource<Senders>('senders', {}, again);
  const refusals = useResource<Refusals>('refusals', {limit: 50}, again);
  if (!status.value)
    return status.error ? <Failure message={status.error} /> : <p class="loading">Loading…</p>;
  const now = status.value.now_ms;
  const nothing = senders.value?.senders.length === 0 && status.value.recent.kept_requests === 0;
  const memory = live.counters;
  return (
    <div class="page">
      {status.value.alerts.length > 0 && (
        <ul class="alerts" aria-label="Alerts">
          {status.value.alerts.map((text) => (
            <li key={text}>
              <Text of={text} />
            </li>
          ))}
        </ul>
      )}
      {nothing ? (
        <Connect status={status.value} waiting />
      ) : (
        <>
          <h1 class="hidden">Overview</h1>
          <SignalTiles />
          <Section title="Senders" aside={<TestTraceButton />}>
            {senders.value && senders.value.senders.length > 0 ? (
              <SenderTable senders={senders.value} now={now} />
            ) : (
              <Empty title="No sender yet" />
            )}
          </Section>
        </>
      )}
      <Section
        title="Refused requests"
        aside={
          refusals.value &&
          refusals.value.total > 0 && <span class="muted">{exact(refusals.value.total)} since the start</span>
        }
      >
        {refusals.value && refusals.value.refusals.length > 0 ? (
          <RefusalList refusals={refusals.value} now={now} />
        ) : (
          <Empty title="None">Whatever a receiver refuses is shown here with its cause and a remedy.</Empty>
        )}
      </Section>
      {!nothing && memory && (
        <Section title="Destinations" aside={<a href={href(['pipeline'])}>Pipeline</a>}>
          <DestinationTable destinations={memory.destinations} />
        </Section>
      )}
      {memory && (
        <p class="budget">
          <span>Memory</span>
          <Bar part={memory.memory_used_bytes / memory.memory_limit_bytes} label="memory in use" />
          <span class="number">
            {bytes(memory.memory_used_bytes)} of {bytes(memory.memory_limit_bytes)}
          </span>
        </p>
      )}
      {!nothing && (
        <details class="more">
          <summary>Connect another sender</summary>
          <Connect status={status.value} waiting={false} />
        </details>
      )}
      <Recent status={status.value} />
    </div>
  );
}
