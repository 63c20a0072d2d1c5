// A histogram over time: columns are times, rows are buckets, darker is more.
import type {JSX} from 'preact';
import {decimal, timeOfDay} from '../model/text.ts';
import type {Column} from '../model/series.ts';
import {useCanvas} from './canvas.ts';

const left = 64;
const bottom = 18;
const rowsMax = 80;

export function Heatmap({columns, unit}: {columns: readonly Column[]; unit: string}): JSX.Element {
  const bounds = columns[0]?.bounds ?? [];
  // Buckets above and below everything that was counted are left out.
  let first = bounds.length;
  let last = 0;
  let most = 0;
  for (const column of columns) {
    column.counts.forEach((n, i) => {
      if (n === 0) return;
      first = Math.min(first, i);
      last = Math.max(last, i);
      most = Math.max(most, n);
    });
  }
  last = Math.min(last, first + rowsMax - 1);
  const rows = Math.max(1, last - first + 1);
  const height = Math.max(90, Math.min(420, rows * 18)) + bottom;
  const canvas = useCanvas(
    (context, width, tall, color) => {
      context.clearRect(0, 0, width, tall);
      const cellHeight = (tall - bottom) / rows;
      const cellWidth = (width - left) / Math.max(1, columns.length);
      context.fillStyle = color('accent');
      columns.forEach((column, x) => {
        for (let i = first; i <= last; i++) {
          const n = column.counts[i] ?? 0;
          if (n === 0) continue;
          context.globalAlpha = 0.08 + 0.92 * Math.sqrt(n / most);
          context.fillRect(
            left + x * cellWidth,
            (last - i) * cellHeight,
            Math.max(1, cellWidth - 0.5),
            cellHeight - 0.5,
          );
        }
      });
      context.globalAlpha = 1;
      context.fillStyle = color('muted');
      context.font = `11px ${color('sans')}`;
      context.textAlign = 'right';
      context.textBaseline = 'middle';
      const every = Math.max(1, Math.ceil(15 / cellHeight));
      for (let i = first; i <= last; i += every) {
        context.fillText(
          i < bounds.length ? decimal(bounds[i]) : `> ${decimal(bounds.at(-1) ?? 0)}`,
          left - 8,
          Math.max(7, (last - i) * cellHeight + cellHeight / 2),
        );
      }
      context.textBaseline = 'alphabetic';
      context.textAlign = 'left';
      for (let x = 0; x < columns.length; x += Math.max(1, Math.ceil(90 / cellWidth))) {
        if (left + x * cellWidth + 50 < width)
          context.fillText(timeOfDay(columns[x].at).slice(0, 8), left + x * cellWidth, tall - 4);
      }
    },
    [columns],
  );
  const total = columns.reduce((sum, column) => sum + column.counts.reduce((a, b) => a + b, 0), 0);
  return (
    <figure class="chart">
      <figcaption>
        Distribution <span class="muted">{unit}</span>
      </figcaption>
      <canvas
        ref={canvas}
        style={{height: `${height}px`}}
        class="heatmap"
        role="img"
        aria-label={`Heat map of ${decimal(total)} values over ${columns.length} intervals, up to ${decimal(most)} in one cell`}
        onMouseMove={(event) => {
          const box = canvas.current!.getBoundingClientRect();
          const x = Math.floor(((event.clientX - box.left - left) / (box.width - left)) * columns.length);
          const i = last - Math.floor(((event.clientY - box.top) / (box.height - bottom)) * rows);
          const column = columns[x];
          if (!column || i < first || i > last) return void (canvas.current!.title = '');
          const range =
            i < bounds.length
              ? `${i > 0 ? decimal(bounds[i - 1]) : '−∞'} to ${decimal(bounds[i])}`
              : `more than ${decimal(bounds.at(-1) ?? 0)}`;
          canvas.current!.title = `${timeOfDay(column.at).slice(0, 8)}  ${range}: ${decimal(column.counts[i])}`;
        }}
      />
    </figure>
  );
}
