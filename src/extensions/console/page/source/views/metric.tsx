// One metric: its series as lines, sums as rates, histograms as a heat map with quantiles, and its exemplars.
import type {JSX} from 'preact';
import {useMemo, useState} from 'preact/hooks';
import {useArrivals} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {MetricSeries, Run, Series} from '../api/schema.ts';
import {millisOf} from '../model/instant.ts';
import {ofChoice, runsOf, shifted, type RunChoice} from '../model/runs.ts';
import {align, rates, values, type Sample} from '../model/series.ts';
import {count, exact, plural, timeOfDay} from '../model/text.ts';
import {Choice, Empty, Section, Text, Wide} from '../parts/basics.tsx';
import {Chart, type Line} from '../parts/chart.tsx';
import {useKeys} from '../parts/keys.ts';
import {go, href} from '../parts/router.ts';
import {Histogram, RunQuantiles} from './histogram.tsx';
import {kindText, seriesName, sharedAttributes, unitFormat, unitName} from './metric_text.ts';

const linesMax = 8;
function Lines({
  metric,
  asRate,
  chosen,
  newest,
}: {
  metric: MetricSeries;
  asRate: boolean;
  chosen: readonly Series[];
  newest: Run | undefined; // lays the other runs over this one
}): JSX.Element {
  const format = unitFormat(metric.unit);
  const drawn = useMemo(() => {
    const shared = sharedAttributes(metric.series);
    const samples: Sample[][] = chosen.map((one) => {
      if (metric.type === 'summary') return [];
      const own = asRate ? rates(one.points, metric.temporality) : values(one.points);
      return newest ? shifted(own, one.run, newest) : own;
    });
    const {at, values: rows} = align(samples);
    const lines: Line[] = chosen.map((one, i) => ({
      label: seriesName(one, shared),
      color: `hue-${i % 8}`,
      values: rows[i],
    }));
    return {at: at.map((millis) => millis / 1e3), lines};
  }, [metric, chosen, asRate, newest]);
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
  series,
  chosen,
  only,
  onOnly,
}: {
  metric: MetricSeries;
  series: readonly Series[];
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
      <Wide label="Series">
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
            {series.slice(0, 100).map((one, i) => {
              const last = one.points.at(-1);
              const drawn = chosen.indexOf(one);
              return (
                <tr key={i}>
                  <th scope="row" class="operation">
                    {drawn >= 0 && !/histogram/.test(metric.type) && (
                      <span class={`swatch hue-${drawn % 8}`} />
                    )}
                    <Text of={seriesName(one, shared)} limit={300} />
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
      </Wide>
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
  const [choice, setChoice] = useState<RunChoice>('all');
  const runs = useMemo(() => runsOf(metric?.series ?? []), [metric]);
  const series = useMemo(() => ofChoice(metric?.series ?? [], choice), [metric, choice]);
  const chosen = useMemo(() => {
    if (only >= 0 && series[only]) return [series[only]];
    return /histogram/.test(metric?.type ?? '') ? series : series.slice(0, linesMax);
  }, [metric, series, only]);
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
  const isHistogram = /histogram/.test(metric.type);
  const isOverlaid = choice === 'overlaid' && runs.length > 1;
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
      <div class="choices">
        {runs.length > 1 && (
          <Choice
            label="Runs of the collector"
            value={choice}
            onChange={(to) => {
              setChoice(to);
              setOnly(-1);
            }}
            options={[
              ['all', 'All runs'],
              ['current', 'This run'],
              ['earlier', 'Earlier'],
              ['overlaid', 'Overlaid'],
            ]}
          />
        )}
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
      </div>
      {isOverlaid && (
        <p class="hint">Earlier runs are moved in time, as if they had started when this one did.</p>
      )}
      {isHistogram && isOverlaid ? (
        <RunQuantiles metric={metric} chosen={chosen} runs={runs} />
      ) : isHistogram ? (
        <Histogram metric={metric} chosen={chosen} />
      ) : metric.type === 'summary' ? (
        <SummaryLines metric={metric} chosen={chosen} />
      ) : (
        <Lines
          metric={metric}
          chosen={chosen}
          asRate={isCounter && shape === 'rate'}
          newest={isOverlaid ? runs[0] : undefined}
        />
      )}
      <SeriesTable metric={metric} series={series} chosen={chosen} only={only} onOnly={setOnly} />
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
