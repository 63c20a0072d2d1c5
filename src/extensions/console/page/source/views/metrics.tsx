// The list of metrics with their last values.
import type {JSX} from 'preact';
import {useMemo, useState} from 'preact/hooks';
import {useArrivals} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {MetricList, MetricSummary} from '../api/schema.ts';
import {matches, parseFilter, type Item} from '../model/filter.ts';
import {runWord, takeRun} from '../model/runs.ts';
import {count, plural} from '../model/text.ts';
import {Failure, NoRows, Sparkline, Text, VirtualRows} from '../parts/basics.tsx';
import {FilterBox} from '../parts/filter_box.tsx';
import {useKeys} from '../parts/keys.ts';
import {go, href, replace} from '../parts/router.ts';
import {RunBadge} from '../parts/run.tsx';
import {kindText} from './metric_text.ts';

const rowHeight = 40;

const metricItem = (one: MetricSummary): Item => ({
  get: (key) => {
    switch (key) {
      case 'name':
        return one.name;
      case 'type':
        return one.type;
      case 'unit':
        return one.unit;
      case 'temporality':
        return one.temporality;
      case 'service':
        return one.services.join(' ');
      case 'series':
        return one.series_count;
      case 'run':
        return runWord(one.run);
      default:
        return undefined;
    }
  },
  text: () => `${one.name} ${one.description} ${one.services.join(' ')}`,
});

// A cumulative counter rises always; what it adds says more.
function sparkValues(one: MetricSummary): number[] {
  const grows = one.temporality === 'cumulative' && (one.is_monotonic || /histogram/.test(one.type));
  return grows
    ? one.sparkline.slice(1).map((value, i) => Math.max(0, value - one.sparkline[i]))
    : one.sparkline;
}

export function MetricsView({query}: {query: Record<string, string>}): JSX.Element {
  const filter = query.q ?? '';
  const asked = useMemo(() => takeRun(parseFilter(filter)), [filter]);
  const {value, error} = useResource<MetricList>(
    'metrics',
    asked.run ? {run: asked.run} : {},
    useArrivals(3000),
  );
  const shown = useMemo(
    () => (value?.metrics ?? []).filter((one) => matches(asked.rest, metricItem(one))),
    [value, asked],
  );
  const vocabulary = useMemo(() => {
    const all = value?.metrics ?? [];
    const distinct = (of: (one: MetricSummary) => string[]): string[] => [...new Set(all.flatMap(of))].sort();
    return new Map([
      ['name', distinct((one) => [one.name])],
      ['type', distinct((one) => [one.type])],
      ['service', distinct((one) => one.services)],
      ['unit', distinct((one) => [one.unit])],
      ['temporality', distinct((one) => [one.temporality])],
      ['series', []],
      ['run', ['current', 'earlier']],
    ]);
  }, [value]);
  const [chosen, setChosen] = useState(-1);
  const at = Math.min(chosen, shown.length - 1);
  const set = (q: string): void => replace(['metrics'], {...query, q});
  useKeys('Metrics', [
    {
      keys: ['j', 'ArrowDown'],
      label: 'Next metric',
      run: () => setChosen(Math.min(at + 1, shown.length - 1)),
    },
    {keys: ['k', 'ArrowUp'], label: 'Metric before', run: () => setChosen(Math.max(at - 1, 0))},
    {
      keys: ['Enter'],
      label: 'Open the metric',
      run: () => {
        if (shown[at]) go(['metrics', shown[at].name]);
      },
    },
  ]);
  return (
    <div class="fill">
      <h1 class="hidden">Metrics</h1>
      <div class="toolbar">
        <FilterBox
          value={filter}
          onChange={set}
          vocabulary={vocabulary}
          label="Filter metrics"
          placeholder="Filter: text service=checkout type=histogram"
        />
        <span class="muted nowrap">{value ? plural(shown.length, 'metric') : ''}</span>
      </div>
      {error && <Failure message={error} />}
      {value && shown.length === 0 ? (
        <NoRows none="No metric yet" unmatched="No metric matches" filter={filter} clear={() => set('')} />
      ) : (
        <VirtualRows
          count={shown.length}
          height={rowHeight}
          class="metric-list"
          role="list"
          label="Metrics"
          scrollTo={at}
          keyOf={(i) => shown[i].name}
          row={(i) => {
            const one = shown[i];
            return (
              <div key={one.name} role="listitem">
                <a class={`metric-row ${i === at ? 'selected' : ''}`} href={href(['metrics', one.name])}>
                  <span class="trace-name">
                    <strong>
                      <Text of={one.name} limit={200} />
                    </strong>{' '}
                    <RunBadge run={one.run} />{' '}
                    <span class="muted">
                      <Text of={one.description} limit={200} />
                    </span>
                  </span>
                  <span class="metric-kind muted">{kindText(one)}</span>
                  <span class="metric-unit mono muted">
                    <Text of={one.unit} limit={20} />
                  </span>
                  <span class="number muted metric-series">
                    {one.series_count >= 0 && `${count(one.series_count)}${one.is_cut ? '+' : ''} series`}
                  </span>
                  <Sparkline values={sparkValues(one)} label={`${one.name}, lately`} />
                </a>
              </div>
            );
          }}
        />
      )}
    </div>
  );
}
