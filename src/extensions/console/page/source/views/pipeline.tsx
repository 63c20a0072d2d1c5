// The graph of receivers, pipelines, processors and destinations with their state, and the last 15 minutes.
import type {JSX} from 'preact';
import {useMemo, useRef} from 'preact/hooks';
import {useLive, useTick} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {History, Memory, PipelinePoint, Pipelines} from '../api/schema.ts';
import {perSecond, pipelineGraph, type Node} from '../model/pipeline_graph.ts';
import {bytes, count, dateAndTime, duration, exact, quantiles, rate} from '../model/text.ts';
import {Bar, Empty, Failure, Section, Text, Wide} from '../parts/basics.tsx';
import {href} from '../parts/router.ts';
import {Chart, type Line} from '../parts/chart.tsx';
import {DestinationTable, healthOf} from './destinations.tsx';
import {GraphView} from './graph.tsx';

/** Rates of totals between two looks, kept until the next look. */
function useRates(totals: ReadonlyMap<string, number>, of: unknown): (key: string) => number {
  const last = useRef({at: 0, totals, rates: new Map<string, number>(), of});
  const now = performance.now();
  if (last.current.of !== of) {
    const seconds = (now - last.current.at) / 1e3;
    const rates = new Map<string, number>();
    for (const [key, total] of totals) {
      const before = last.current.totals.get(key);
      if (before !== undefined && last.current.at > 0 && seconds > 0)
        rates.set(key, Math.max(0, total - before) / seconds);
    }
    last.current = {at: now, totals, rates, of};
  }
  return (key) => last.current.rates.get(key) ?? 0;
}

const heightOf = (node: Node): number => {
  switch (node.kind) {
    case 'receiver':
      return 34 + 18 * Math.max(1, node.states.length);
    case 'pipeline':
      return 34 + 18 * (2 + (node.filtered > 0 ? 1 : 0) + (node.sampledOut > 0 ? 1 : 0));
    case 'processor':
      return 34 + 18 * 2;
    case 'connector':
      return 34 + 18 * node.destinations.length;
    case 'destination':
      return node.destination ? 128 : 34;
  }
};

function BatchLine({point}: {point: PipelinePoint | undefined}): JSX.Element {
  return (
    <p title="items of a request here, p50 and p99 while this page is open">
      <span>batch</span>
      <b>{quantiles(point?.batch_items ?? null, count)}</b>
    </p>
  );
}

function NodeBody({node, rateOf}: {node: Node; rateOf: (key: string) => number}): JSX.Element {
  switch (node.kind) {
    case 'receiver':
      return (
        <>
          {node.states.map((one) => (
            <p key={one.signal} class={one.refusals.length > 0 ? 'warn' : ''} title={one.refusals.join('\n')}>
              <span>
                {one.signal}
                {one.refused_items > 0 && <span class="warn"> {count(one.refused_items)} refused</span>}
              </span>
              <b>{rate(rateOf(`receiver ${one.name} ${one.signal}`))}</b>
            </p>
          ))}
        </>
      );
    case 'pipeline':
      return (
        <>
          <p>
            <span>admitted</span>
            <b>{rate(rateOf(`${node.id} admitted`))}</b>
          </p>
          {node.filtered > 0 && (
            <p>
              <span>filtered</span>
              <b>{rate(rateOf(`${node.id} filtered`))}</b>
            </p>
          )}
          {node.sampledOut > 0 && (
            <p>
              <span>sampled out</span>
              <b>{rate(rateOf(`${node.id} sampled`))}</b>
            </p>
          )}
          <BatchLine point={node.point} />
        </>
      );
    case 'processor':
      return (
        <>
          <BatchLine point={node.point} />
          <p title="time that the processor took for a request, p50 and p99 while this page is open">
            <span>took</span>
            <b>{quantiles(node.point?.latency_ms ?? null, duration)}</b>
          </p>
        </>
      );
    case 'connector':
      return (
        <>
          {node.destinations.map((one) => (
            <p key={one.signal}>
              <span>{one.signal}</span>
              <b>{rate(rateOf(`destination ${one.name} ${one.signal}`))}</b>
            </p>
          ))}
        </>
      );
    case 'destination': {
      const one = node.destination;
      if (!one) return <></>;
      const fill = one.queue_capacity > 0 ? one.queue_size / one.queue_capacity : 0;
      return (
        <>
          <p>
            <span>
              <span class={`dot ${healthOf(one).health}`} />
              {healthOf(one).word}
            </span>
            <b>{rate(rateOf(node.id))}</b>
          </p>
          <p>
            <span>queue</span>
            <span class="node-queue">
              <Bar part={fill} label={`queue ${Math.round(fill * 100)} percent full`} />
              <b>{Math.round(fill * 100)} %</b>
            </span>
          </p>
          <p>
            <span>oldest</span>
            <b>{one.oldest_age_s === null ? '–' : duration(one.oldest_age_s * 1e3)}</b>
          </p>
          <p title="items of a batch, p50 and p99 of the last minute">
            <span>batch</span>
            <b>{quantiles(one.batch_items, count)}</b>
          </p>
          <p title="from an attempt to its answer, p50 and p99 of the last minute">
            <span>latency</span>
            <b>{quantiles(one.latency_ms, duration)}</b>
          </p>
        </>
      );
    }
  }
}

function Graph({all, rateOf}: {all: Pipelines; rateOf: (key: string) => number}): JSX.Element {
  const graph = useMemo(() => pipelineGraph(all), [all]);
  const nameOf = new Map(graph.nodes.map((node) => [node.id, node.name]));
  return (
    <GraphView
      label="Graph of the pipelines"
      gap={44}
      width={(ids) => (ids.every((id) => id.startsWith('processor ')) ? 158 : 190)}
      lines={graph.edges.map(({from, to, signal, tap}) => ({
        from,
        to,
        class: `edge-${signal}`,
        href: href(['pipeline', tap]),
        title: `Tap ${tap}: what passes from ${nameOf.get(from)} to ${nameOf.get(to)}`,
      }))}
      boxes={graph.nodes.map((node) => {
        const isSick =
          node.kind === 'destination' && node.destination && healthOf(node.destination).health === 'bad';
        return {
          id: node.id,
          height: heightOf(node),
          class: `node-${node.kind} ${isSick ? 'sick' : ''}`,
          content: (
            <>
              <h3 title={node.name}>
                <Text of={node.name} limit={100} />
                {node.kind === 'destination' ? (
                  <span class="muted"> {node.signal}</span>
                ) : (
                  <span class="hidden"> {node.kind}</span>
                )}
              </h3>
              <NodeBody node={node} rateOf={rateOf} />
            </>
          ),
        };
      })}
    />
  );
}

const signalColors: [string, string][] = [
  ['traces', 'hue-0'],
  ['metrics', 'hue-2'],
  ['logs', 'hue-1'],
  ['profiles', 'hue-3'],
];

function HistoryCharts({history}: {history: History}): JSX.Element {
  const charts = useMemo(() => {
    const at = history.at_ms.map((millis) => millis / 1e3);
    const rateLines = (what: string): Line[] =>
      signalColors
        .filter(([signal]) => history.series[`${signal}.${what}`]?.some((n) => n !== null && n > 0))
        .map(([signal, color]) => ({
          label: signal,
          color,
          values: perSecond(history.series[`${signal}.${what}`], history.at_ms),
        }));
    const held = signalColors
      .filter(([signal]) => history.series[`${signal}.held`]?.some((n) => n !== null && n > 0))
      .map(([signal, color]) => ({label: signal, color, values: history.series[`${signal}.held`]}));
    const memory = history.series['memory.used_bytes'];
    return {
      at,
      accepted: rateLines('accepted'),
      refused: rateLines('refused'),
      delivered: rateLines('delivered'),
      held,
      memory: memory ? [{label: 'used', color: 'accent', values: memory}] : [],
    };
  }, [history]);
  if (history.at_ms.length < 2) return <Empty title="The first minutes are being recorded" />;
  const shown: [string, Line[], (value: number) => string][] = [
    ['Accepted', charts.accepted, rate],
    ['Delivered', charts.delivered, rate],
    ['Refused', charts.refused, rate],
    ['Held', charts.held, count],
    ['Memory', charts.memory, bytes],
  ];
  return (
    <div class="charts">
      {shown
        .filter(([, lines]) => lines.length > 0)
        .map(([title, lines, format]) => (
          <Chart key={title} title={title} at={charts.at} lines={lines} format={format} />
        ))}
    </div>
  );
}

function MemoryBars({memory}: {memory: Memory}): JSX.Element {
  const terms = [...memory.terms].filter((one) => one.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  return (
    <dl class="terms">
      <div>
        <dt>
          <strong>all of it</strong>
        </dt>
        <dd>
          <Bar part={memory.used_bytes / memory.limit_bytes} label="of the limit" />
          <span class="number">
            {bytes(memory.used_bytes)} of {bytes(memory.limit_bytes)}
          </span>
        </dd>
      </div>
      {terms.map((one) => (
        <div key={one.name}>
          <dt>
            <Text of={one.name} />
          </dt>
          <dd>
            <Bar
              part={one.bytes / memory.limit_bytes}
              label={`${one.name}: share of the limit`}
              tone="plain"
            />
            <span class="number">{bytes(one.bytes)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const dayMillis = 86_400_000;

function Certificates({certificates}: {certificates: Pipelines['certificates']}): JSX.Element {
  return (
    <Wide label="Certificates">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Certificate of</th>
            <th scope="col">Expires</th>
            <th scope="col" class="number">
              Days left
            </th>
          </tr>
        </thead>
        <tbody>
          {[...certificates]
            .sort((a, b) => a.expires_at_ms - b.expires_at_ms)
            .map((one) => {
              const days = Math.floor((one.expires_at_ms - Date.now()) / dayMillis);
              return (
                <tr key={`${one.owner} ${one.protocol}`}>
                  <th scope="row">
                    <Text of={one.owner} limit={100} /> <span class="muted">{one.protocol}</span>
                  </th>
                  <td class="nowrap">{dateAndTime(one.expires_at_ms).slice(0, 16)}</td>
                  <td class={`number ${days < 0 ? 'bad' : days <= 14 ? 'warn' : ''}`}>
                    {days < 0 ? 'expired' : exact(days)}
                  </td>
                </tr>
              );
            })}
        </tbody>
      </table>
    </Wide>
  );
}

export function PipelineView(): JSX.Element {
  const live = useLive();
  const tick = useTick(1000);
  const {value: all, error} = useResource<Pipelines>('pipelines', {}, tick);
  const {value: memory} = useResource<Memory>('memory', {}, tick);
  const {value: history} = useResource<History>('history', {}, useTick(5000));
  const totals = useMemo(() => {
    const found = new Map<string, number>();
    for (const one of all?.receivers ?? [])
      found.set(`receiver ${one.name} ${one.signal}`, one.accepted_items);
    for (const one of all?.destinations ?? [])
      found.set(`destination ${one.name} ${one.signal}`, one.sent_items);
    for (const one of all?.pipelines ?? []) {
      found.set(`pipeline ${one.id} admitted`, one.admitted_items);
      found.set(`pipeline ${one.id} filtered`, one.filtered_items);
      found.set(`pipeline ${one.id} sampled`, one.sampled_out_items);
    }
    return found;
  }, [all]);
  const rateOf = useRates(totals, all);
  if (!all) return error ? <Failure message={error} /> : <p class="loading">Loading…</p>;
  return (
    <div class="page">
      <h1 class="hidden">Pipeline</h1>
      <Section
        title="Pipelines"
        aside={
          <ul class="legend">
            {signalColors
              .filter(([signal]) => all.pipelines.some((one) => one.signal === signal))
              .map(([signal, color]) => (
                <li key={signal}>
                  <span class={`swatch ${color}`} />
                  {signal}
                </li>
              ))}
          </ul>
        }
      >
        {all.pipelines.length === 0 ? (
          <Empty title="There is no pipeline" />
        ) : (
          <Graph all={all} rateOf={rateOf} />
        )}
      </Section>
      <Section title="Destinations">
        <DestinationTable destinations={live.counters?.destinations ?? all.destinations} />
      </Section>
      {history && (
        <Section title="The last 15 minutes">
          <HistoryCharts history={history} />
        </Section>
      )}
      {all.certificates.length > 0 && (
        <Section title="Certificates">
          <Certificates certificates={all.certificates} />
        </Section>
      )}
      <div class="columns even">
        {memory && (
          <Section
            title="Memory by term"
            aside={
              <span class="muted">
                most so far {bytes(memory.peak_bytes)}
                {memory.refusals > 0 && (
                  <span class="bad"> · {exact(memory.refusals)} requests refused for lack of it</span>
                )}
              </span>
            }
          >
            <MemoryBars memory={memory} />
          </Section>
        )}
        <Section title="Disk">
          {all.storages.length === 0 ? (
            <Empty title="No queue lies on disk" />
          ) : (
            <dl class="terms">
              {all.storages.map((one) => (
                <div key={one.name}>
                  <dt>
                    <Text of={one.name} />
                  </dt>
                  <dd>
                    {one.bytes_max > 0 && <Bar part={one.bytes / one.bytes_max} label="of the limit" />}
                    <span class="number">
                      {bytes(one.bytes)}
                      {one.bytes_max > 0 && ` of ${bytes(one.bytes_max)}`}
                    </span>
                  </dd>
                  {one.trouble && (
                    <dd class="failure">
                      <Text of={one.trouble} />
                    </dd>
                  )}
                </div>
              ))}
            </dl>
          )}
        </Section>
      </div>
    </div>
  );
}
