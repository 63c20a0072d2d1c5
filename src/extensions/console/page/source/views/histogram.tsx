// A histogram: a heat map with quantiles, or the quantiles of several runs on top of each other.
import type {JSX} from 'preact';
import {useMemo} from 'preact/hooks';
import type {MetricSeries, Run, Series} from '../api/schema.ts';
import {isOf, shifted} from '../model/runs.ts';
import {align, columns, merge, quantile, type Column} from '../model/series.ts';
import {Empty} from '../parts/basics.tsx';
import {Chart} from '../parts/chart.tsx';
import {runTitle} from '../parts/run.tsx';
import {Heatmap} from './heatmap.tsx';
import {unitFormat} from './metric_text.ts';

const valueOf = (column: Column, part: number): number | null => {
  const value = quantile(column, part);
  return Number.isNaN(value) ? null : value;
};

const NotEnough = (): JSX.Element => (
  <Empty title="One point is not enough">A cumulative histogram is drawn from its second point on.</Empty>
);

export function Histogram({metric, chosen}: {metric: MetricSeries; chosen: readonly Series[]}): JSX.Element {
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
        values: merged.map((column) => valueOf(column, Number(part))),
      })),
    }),
    [merged],
  );
  if (merged.length === 0) return <NotEnough />;
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

/** p50 and p99 of each run, as if all had started at the same time. */
export function RunQuantiles({
  metric,
  chosen,
  runs,
}: {
  metric: MetricSeries;
  chosen: readonly Series[];
  runs: readonly Run[];
}): JSX.Element {
  const drawn = useMemo(() => {
    const lines = runs.slice(0, 4).flatMap((run, i) => {
      const own = chosen.filter((one) => isOf(one, run));
      const all = shifted(merge(own.map((one) => columns(one.points, metric.temporality))), run, runs[0]);
      return [0.5, 0.99].map((part, place) => ({
        label: `p${part * 100}, ${runTitle(run)}`,
        color: `hue-${(2 * i + place) % 8}`,
        samples: all.map((column) => ({at: column.at, value: valueOf(column, part)})),
      }));
    });
    const {at, values} = align(lines.map((line) => line.samples));
    return {
      at: at.map((millis) => millis / 1e3),
      lines: lines.map(({label, color}, i) => ({label, color, values: values[i]})),
    };
  }, [metric, chosen, runs]);
  if (drawn.at.length === 0) return <NotEnough />;
  return (
    <Chart
      title="Quantiles of each run"
      at={drawn.at}
      lines={drawn.lines}
      format={unitFormat(metric.unit)}
      height={240}
    />
  );
}
