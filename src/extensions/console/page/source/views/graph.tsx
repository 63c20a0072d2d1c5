// A directed graph: boxes in columns, with edges that pass between them.
import type {ComponentChildren, JSX} from 'preact';
import {useMemo} from 'preact/hooks';
import {layoutGraph} from '../model/graph_layout.ts';
import {Wide} from '../parts/basics.tsx';

export interface Box {
  id: string;
  height: number;
  class: string;
  content: ComponentChildren;
}
export interface Line {
  from: string;
  to: string;
  class: string;
  width?: number;
  label?: string;
  href?: string; // the edge can be opened
  title?: string; // of that link
}

const gapY = 14;
const bendHeight = 10;

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

function curve(route: readonly string[], at: ReadonlyMap<string, Rectangle>): string {
  const middle = (one: Rectangle): number => one.y + one.height / 2;
  const first = at.get(route[0])!;
  const last = at.get(route[route.length - 1])!;
  if (last.x <= first.x) {
    // Back to a column further left, or to itself: below both.
    const [x1, x2] = [first.x + first.width * 0.6, last.x + last.width * 0.4];
    const low = Math.max(first.y + first.height, last.y + last.height);
    return `M${x1} ${first.y + first.height}C${x1} ${low + 34} ${x2} ${low + 34} ${x2} ${last.y + last.height}`;
  }
  let path = `M${first.x + first.width} ${middle(first)}`;
  let [x, y] = [first.x + first.width, middle(first)];
  for (const id of route.slice(1)) {
    const next = at.get(id)!;
    const bend = (next.x - x) / 2;
    path += `C${x + bend} ${y} ${next.x - bend} ${middle(next)} ${next.x} ${middle(next)}`;
    [x, y] = [next.x + next.width, middle(next)];
    if (id !== route[route.length - 1]) path += `H${x}`;
  }
  return path;
}

/** Where a mark stands on an edge: between its first two places, or below those of an edge that leads back. */
function middleOf(route: readonly string[], at: ReadonlyMap<string, Rectangle>): {x: number; y: number} {
  const from = at.get(route[0])!;
  const to = at.get(route[1])!;
  if (to.x <= from.x)
    return {
      x: (from.x + from.width * 0.6 + to.x + to.width * 0.4) / 2,
      y: Math.max(from.y + from.height, to.y + to.height) + 25,
    };
  return {x: (from.x + from.width + to.x) / 2, y: (from.y + from.height / 2 + to.y + to.height / 2) / 2};
}

export function GraphView({
  label,
  boxes,
  lines,
  width,
  gap,
}: {
  label: string;
  boxes: readonly Box[];
  lines: readonly Line[];
  width: (ids: readonly string[]) => number;
  gap: number;
}): JSX.Element {
  const shape = JSON.stringify([
    boxes.map(({id, height}) => [id, height]),
    lines.map(({from, to}) => [from, to]),
  ]);
  const placed = useMemo(() => {
    const heights = new Map(boxes.map((box) => [box.id, box.height]));
    const layout = layoutGraph(
      boxes.map((box) => box.id),
      lines,
    );
    const at = new Map<string, Rectangle>();
    const columns = Array.from({length: layout.columns}, (_, column) =>
      layout.nodes.filter((node) => node.column === column),
    );
    const heightOf = (column: (typeof columns)[number]): number =>
      column.reduce((sum, node) => sum + (heights.get(node.id) ?? bendHeight) + gapY, -gapY);
    const tall = Math.max(0, ...columns.map(heightOf));
    let x = 0;
    for (const column of columns) {
      const wide = width(column.filter((node) => !node.isBend).map((node) => node.id));
      let y = (tall - heightOf(column)) / 2;
      for (const node of column) {
        const height = heights.get(node.id) ?? bendHeight;
        at.set(node.id, {x, y, width: wide, height});
        y += height + gapY;
      }
      x += wide + gap;
    }
    const isBack = (route: string[]): boolean =>
      route.length === 2 && at.get(route[1])!.x <= at.get(route[0])!.x;
    const hasBack = layout.routes.some(isBack);
    return {at, routes: layout.routes, width: Math.max(0, x - gap), height: tall + (hasBack ? 34 : 0)};
  }, [shape]);
  return (
    <Wide label={label} class="graph-box">
      <div class="graph" style={{width: `${placed.width}px`, height: `${placed.height}px`}}>
        <svg width={placed.width} height={placed.height} aria-hidden="true">
          {lines.map((line, i) => {
            const route = placed.routes[i];
            if (!route || route.length < 2) return null;
            const end = placed.at.get(route[1])!;
            const start = placed.at.get(route[0])!;
            return (
              <g key={`${line.from} ${line.to}`}>
                <path class={`edge ${line.class}`} d={curve(route, placed.at)} stroke-width={line.width} />
                {line.label && end.x > start.x && (
                  <text
                    class="edge-label"
                    x={(start.x + start.width + end.x) / 2}
                    y={(start.y + start.height / 2 + end.y + end.height / 2) / 2 + 4}
                  >
                    {line.label}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
        {lines.map((line, i) => {
          const route = placed.routes[i];
          if (!line.href || !route || route.length < 2) return null;
          const middle = middleOf(route, placed.at);
          return (
            <a
              key={`${line.from} ${line.to}`}
              class={`edge-tap ${line.class}`}
              href={line.href}
              title={line.title}
              aria-label={line.title}
              style={{left: `${middle.x}px`, top: `${middle.y}px`}}
            />
          );
        })}
        <ul>
          {boxes.map((box) => {
            const at = placed.at.get(box.id);
            return (
              at && (
                <li
                  key={box.id}
                  class={`node ${box.class}`}
                  style={{
                    left: `${at.x}px`,
                    top: `${at.y}px`,
                    width: `${at.width}px`,
                    height: `${at.height}px`,
                  }}
                >
                  {box.content}
                </li>
              )
            );
          })}
        </ul>
      </div>
    </Wide>
  );
}
