// One metric: its series as lines, sums as rates, histograms as a heat map with quantiles, and its exemplars.
import type {JSX} from 'preact';
import {useMemo, useState} from 'preact/hooks';
import {useArrivals} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {MetricSeries, Series} from '../api/schema.ts';
import {millisOf} from '../model/instant.ts';
import {align, columns, merge, quantile, rates, values, type Sample} from '../model/series.ts';
import {bytes, count, decimal, duration, exact, plural, timeOfDay} from '../model/text.ts';
import {Choice, Empty, Section, Text} from '../parts/basics.tsx';
import {Chart, type Line} from '../parts/chart.tsx';
import {useKeys} from '../parts/keys.ts';
import {go, href} from '../parts/router.ts';
import {Heatmap} from './heatmap.tsx';

const linesMax = 8;
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

// The unit for a title, where the values do not name it.
const unitName = (unit: string): string =>
  secondsOf[unit] !== undefined || unit === 'By' || unit === '1' ? '' : unit.replace(/^\{(.*)\}$/, '$1');

const nameOf = (one: Series, shared: ReadonlySet<string>): string => {
  const own = one.attributes
    .filter(({key, value}) => !shared.has(`${key}\n${value}`))
    .map(({key, value}) => `${key}=${value}`)
    .join(' ');
  return own === '' ? one.service || 'all' : own;
};

// Attributes that all series have alike say nothing in a legend.
function sharedAttributes(all: readonly Series[]): Set<string> {
  const counts = new Map<string, number>();
  for (const one of all)
    for (const {key, value} of one.attributes)
      counts.set(`${key}\n${value}`, (counts.get(`${key}\n${value}`) ?? 0) + 1);
  return new Set(all.length < 2 ? [] : [...counts].filter(([, n]) => n === all.length).map(([key]) => key));
}

function Lines({
  metric,
  asRate,
  chosen,
}: {
  metric: MetricSeries;
  asRate: boolean;
  chosen: readonly Series[];
}): JSX.Element {
  const format = unitFormat(metric.unit);
  const drawn = useMemo(() => {
    const shared = sharedAttributes(metric.series);
    const samples: Sample[][] = chosen.map((one) => {
      if (metric.type === 'summary') return [];
      return asRate ? rates(one.points, metric.temporality) : values(one.points);
    });
    const {at, values: rows} = align(samples);
    const lines: Line[] = chosen.map((one, i) => ({
      label: nameOf(one, shared),
      color: `hue-${i % 8}`,
      values: rows[i],
    }));
    return {at: at.map((millis) => millis / 1e3), lines};
  }, [metric, chosen, asRate]);
  return (
    <Chart
      title={`${unitName(metric.unit) || 'Value'}${asRate ? ' per second' : ''}`}
      at={drawn.at}
      lines={drawn.lines}
      height={240}
      format={asRate ? (value) => `${format(value)}/s` : format}
    />
  );
}

function SummaryLines({metric, chosen}: {metric: MetricSeries; chosen: readonly Series[]}): JSX.Element {
  const drawn = useMemo(() => {
    const one = chosen[0];
    const parts = [
      ...new Set(one?.points.flatMap((point) => point.quantiles.map((q) => q.quantile)) ?? []),
    ].sort();
    const {at, values: rows} = align(
      parts.map((part) =>
        (one?.points ?? []).map((point) => ({
          at: millisOf(point.time_unix_nano),
          value: point.quantiles.find((q) => q.quantile === part)?.value ?? null,
        })),
      ),
    );
    return {
      at: at.map((millis) => millis / 1e3),
      lines: parts.map((part, i) => ({label: `p${part * 100}`, color: `hue-${i % 8}`, values: rows[i]})),
    };
  }, [chosen]);
  return (
    <Chart
      title="Quantiles of the first series"
      at={drawn.at}
      lines={drawn.lines}
      height={240}
      format={unitFormat(metric.unit)}
    />
  );
}

function Histogram({metric, chosen}: {metric: MetricSeries; chosen: readonly Series[]}): JSX.Element {
  const merged = useMemo(
    () => merge(chosen.map((one) => columns(one.points, metric.temporality))),
    [metric, chosen],
  );
  const drawn = useMemo(
    () => ({
      at: merged.map((column) => column.at / 1e3),
      lines: [
        [0.5, 'hue-0'],
        [0.9, 'hue-2'],
        [0.99, 'hue-4'],
      ].map(([part, color]) => ({
        label: `p${Number(part) * 100}`,
        color: String(color),
        values: merged.map((column) => {
          const value = quantile(column, Number(part));
          return Number.isNaN(value) ? null : value;
        }),
      })),
    }),
    [merged],
  );
  if (merged.length === 0)
    return (
      <Empty title="One point is not enough">A cumulative histogram is drawn from its second point on.</Empty>
    );
  return (
    <>
      <Heatmap columns={merged} unit={metric.unit} />
      <Chart
        title="Quantiles, estimated from the buckets"
        at={drawn.at}
        lines={drawn.lines}
        format={unitFormat(metric.unit)}
        height={170}
      />
    </>
  );
}

function Exemplars({metric, chosen}: {metric: MetricSeries; chosen: readonly Series[]}): JSX.Element | null {
  const format = unitFormat(metric.unit);
  const found = chosen
    .flatMap((one) => one.points.flatMap((point) => point.exemplars))
    .filter((one) => one.trace_id !== '')
    .slice(-50)
    .reverse();
  if (found.length === 0) return null;
  return (
    <Section title="Exemplars">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" class="number">
              Value
            </th>
            <th scope="col">Trace</th>
          </tr>
        </thead>
        <tbody>
          {found.map((one, i) => (
            <tr key={i}>
              <td>{timeOfDay(millisOf(one.time_unix_nano))}</td>
              <td class="number">{one.value === null ? '–' : format(one.value)}</td>
              <td>
                <a class="mono" href={href(['traces', one.trace_id], {span: one.span_id})}>
                  {one.trace_id}
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function SeriesTable({
  metric,
  chosen,
  only,
  onOnly,
}: {
  metric: MetricSeries;
  chosen: readonly Series[];
  only: number;
  onOnly: (index: number) => void;
}): JSX.Element {
  const format = unitFormat(metric.unit);
  const shared = sharedAttributes(metric.series);
  return (
    <Section
      title="Series"
      aside={
        <span class="muted">
          {plural(metric.series_count, 'series', 'series')}
          {metric.series_count > chosen.length && only < 0 && `, ${chosen.length} drawn`}
        </span>
      }
    >
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Series">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Attributes</th>
              <th scope="col">Service</th>
              <th scope="col" class="number">
                Points
              </th>
              <th scope="col" class="number">
                Last
              </th>
              <th scope="col">
                <span class="hidden">Show</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {metric.series.slice(0, 100).map((one, i) => {
              const last = one.points.at(-1);
              const drawn = chosen.indexOf(one);
              return (
                <tr key={i}>
                  <th scope="row" class="operation">
                    {drawn >= 0 && !/histogram/.test(metric.type) && (
                      <span class={`swatch hue-${drawn % 8}`} />
                    )}
                    <Text of={nameOf(one, shared)} limit={300} />
                  </th>
                  <td>
                    <Text of={one.service} limit={80} />
                  </td>
                  <td class="number">{exact(one.points.length)}</td>
                  <td class="number">
                    {!last
                      ? '–'
                      : last.value !== null
                        ? format(last.value)
                        : last.count !== null
                          ? `${count(last.count)} values`
                          : '–'}
                  </td>
                  <td class="number">
                    <button
                      type="button"
                      class="button"
                      aria-pressed={only === i}
                      onClick={() => onOnly(only === i ? -1 : i)}
                    >
                      {only === i ? 'All' : 'Only this'}
                    </button>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

export function MetricView({name}: {name: string}): JSX.Element {
  const {value: metric, error} = useResource<MetricSeries>(
    'series',
    {metric: name, limit: 100},
    useArrivals(3000),
  );
  const [only, setOnly] = useState(-1);
  const [shape, setShape] = useState<'rate' | 'value'>('rate');
  useKeys('Metric', [{keys: ['Escape'], label: 'All metrics', run: () => go(['metrics'])}]);
  const chosen = useMemo(() => {
    if (!metric) return [];
    if (only >= 0 && metric.series[only]) return [metric.series[only]];
    return /histogram/.test(metric.type) ? metric.series : metric.series.slice(0, linesMax);
  }, [metric, only]);
  if (!metric)
    return error ? (
      <div class="page">
        <h1 class="hidden">Metric</h1>
        <Empty title="This metric is not held here">
          <a href={href(['metrics'])}>Metrics that are held</a>
        </Empty>
      </div>
    ) : (
      <p class="loading">Loading…</p>
    );
  const isCounter = metric.type === 'sum' && (metric.is_monotonic || metric.temporality === 'delta');
  return (
    <div class="page">
      <header class="metric-head">
        <h1>
          <a href={href(['metrics'])}>Metrics</a> <span class="muted">/</span>{' '}
          <Text of={metric.name} limit={300} />
        </h1>
        <p class="muted">
          <span class="badge">{kindText(metric)}</span>{' '}
          {metric.unit && (
            <span class="badge">
              <Text of={metric.unit} limit={40} />
            </span>
          )}{' '}
          <Text of={metric.description} limit={600} />
        </p>
      </header>
      {isCounter && (
        <Choice
          label="Shown as"
          value={shape}
          onChange={setShape}
          options={[
            ['rate', 'Rate'],
            ['value', metric.temporality === 'delta' ? 'Each point' : 'Total'],
          ]}
        />
      )}
      {/histogram/.test(metric.type) ? (
        <Histogram metric={metric} chosen={chosen} />
      ) : metric.type === 'summary' ? (
        <SummaryLines metric={metric} chosen={chosen} />
      ) : (
        <Lines metric={metric} chosen={chosen} asRate={isCounter && shape === 'rate'} />
      )}
      <SeriesTable metric={metric} chosen={chosen} only={only} onOnly={setOnly} />
      <Exemplars metric={metric} chosen={chosen} />
      {metric.cardinality.length > 0 && (
        <Section title="Values of each attribute">
          <table class="table cardinality">
            <thead>
              <tr>
                <th scope="col">Attribute</th>
                <th scope="col" class="number">
                  Distinct values
                </th>
              </tr>
            </thead>
            <tbody>
              {metric.cardinality.slice(0, 40).map((one) => (
                <tr key={one.key}>
                  <th scope="row">
                    <Text of={one.key} limit={120} />
                  </th>
                  <td class="number">{exact(one.distinct_values)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
      {metric.is_incomplete && (
        <p class="hint">There is more of this metric than could be read for this page.</p>
      )}
    </div>
  );
}
