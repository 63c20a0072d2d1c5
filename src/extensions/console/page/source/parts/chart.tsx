// Lines over time, drawn by uPlot in the page's colours.
import uPlot from 'uplot';
import type {JSX} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {bytes, timeOfDay} from '../model/text.ts';

export interface Line {
  label: string;
  color: string; // name of a variable of the style sheet
  values: readonly (number | null)[];
}

const byteSteps = Array.from({length: 50}, (_, power) => 2 ** power);

export function Chart({
  title,
  at,
  lines,
  format,
  height = 150,
}: {
  title: string;
  at: readonly number[];
  lines: readonly Line[];
  format: (value: number) => string;
  height?: number;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [theme, setTheme] = useState(0);
  const shape = JSON.stringify(lines.map(({label, color}) => [label, color]));
  const isBytes = format === bytes;
  const latest = useRef(format);
  latest.current = format;

  useEffect(() => {
    const again = (): void => setTheme((n) => n + 1);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', again);
    addEventListener('theme', again);
    return () => {
      scheme.removeEventListener('change', again);
      removeEventListener('theme', again);
    };
  }, []);
  useEffect(() => {
    const element = box.current!;
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    const axis = {
      stroke: color('muted'),
      font: `11px ${color('sans')}`,
      grid: {stroke: color('line'), width: 1},
      ticks: {show: false},
    };
    const made = new uPlot(
      {
        width: Math.max(50, element.clientWidth),
        height,
        cursor: {y: false, points: {size: 5}, drag: {x: false, y: false}},
        scales: {y: {range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high * 1.08 : 1]}},
        axes: [
          {
            ...axis,
            grid: {show: false},
            size: 22,
            values: (_, splits) => splits.map((one) => timeOfDay(one * 1e3).slice(0, 8)),
          },
          {
            ...axis,
            size: 64,
            ...(isBytes && {incrs: byteSteps}),
            values: (_, splits) => splits.map((one) => latest.current(one)),
          },
        ],
        series: [
          {
            value: (_, at) => (at === null || at === undefined ? '' : timeOfDay(at * 1e3).slice(0, 8)),
            label: 'Time',
          },
          ...lines.map((line) => ({
            label: line.label,
            stroke: color(line.color),
            width: 1.5,
            points: {show: false},
            value: (plotted: uPlot, value: number | null, series: number, index: number | null) => {
              // Without a cursor the legend shows the last values.
              const shown =
                index === null || index === undefined
                  ? (plotted.data[series] as (number | null | undefined)[]).findLast(
                      (one) => one !== null && one !== undefined,
                    )
                  : value;
              return shown === null || shown === undefined ? '–' : latest.current(shown);
            },
          })),
        ],
      },
      [[...at], ...lines.map((line) => [...line.values])] as uPlot.AlignedData,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({width: Math.max(50, element.clientWidth), height}),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [shape, theme, height]);
  useEffect(() => {
    plot.current?.setData([[...at], ...lines.map((line) => [...line.values])] as uPlot.AlignedData);
  }, [at, lines]);
  const last = lines.map((line) => {
    const value = line.values.findLast((one) => one !== null);
    return `${line.label} ${value === undefined || value === null ? 'without a value' : format(value)}`;
  });
  return (
    <figure class="chart" aria-label={`${title}: ${last.join(', ')}`}>
      <figcaption>{title}</figcaption>
      <div ref={box} />
    </figure>
  );
}
