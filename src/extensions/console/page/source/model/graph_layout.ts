// Places the nodes of a directed graph in columns, so that edges lead to the right.

export interface Edge {
  from: string;
  to: string;
}
export interface Placed {
  id: string;
  column: number;
  row: number;
  isBend: boolean; // no node, but a place where a long edge passes a column
}
export interface Layout {
  nodes: Placed[];
  columns: number;
  routes: string[][]; // of each edge: the ids that it passes, its ends included; empty for ends that are unknown
}

const sweeps = 6;

/** A node's column is the longest way to it; an edge that closes a cycle is not counted. */
export function layoutGraph(ids: readonly string[], edges: readonly Edge[]): Layout {
  const forward = acyclic(ids, edges);
  const columnOf = columnsOf(ids, edges, forward);
  const last = Math.max(0, ...columnOf.values());
  const columns: string[][] = Array.from({length: last + 1}, () => []);
  for (const id of ids) columns[columnOf.get(id)!].push(id);

  const bends = new Set<string>();
  const neighbours = new Map<string, {before: string[]; after: string[]}>(
    ids.map((id) => [id, {before: [], after: []}]),
  );
  const routes = edges.map((edge, at) => {
    if (!columnOf.has(edge.from) || !columnOf.has(edge.to)) return [];
    if (!forward.has(at)) return [edge.from, edge.to];
    const route = [edge.from];
    for (let column = columnOf.get(edge.from)! + 1; column < columnOf.get(edge.to)!; column++) {
      const bend = `bend ${at} ${column}`;
      bends.add(bend);
      neighbours.set(bend, {before: [], after: []});
      columns[column].push(bend);
      route.push(bend);
    }
    route.push(edge.to);
    for (let i = 1; i < route.length; i++) {
      neighbours.get(route[i - 1])!.after.push(route[i]);
      neighbours.get(route[i])!.before.push(route[i - 1]);
    }
    return route;
  });
  orderRows(columns, neighbours);
  const nodes = columns.flatMap((members, column) =>
    members.map((id, row) => ({id, column, row, isBend: bends.has(id)})),
  );
  return {nodes, columns: last + 1, routes};
}

function columnsOf(
  ids: readonly string[],
  edges: readonly Edge[],
  forward: ReadonlySet<number>,
): Map<string, number> {
  const before = new Map<string, string[]>(ids.map((id) => [id, []]));
  const hasNext = new Set<string>();
  for (const at of forward) {
    before.get(edges[at].to)!.push(edges[at].from);
    hasNext.add(edges[at].from);
  }
  const column = new Map<string, number>();
  const depth = (id: string): number => {
    let known = column.get(id);
    if (known === undefined) {
      known = 0;
      for (const one of before.get(id)!) known = Math.max(known, depth(one) + 1);
      column.set(id, known);
    }
    return known;
  };
  ids.forEach(depth);
  const last = Math.max(0, ...column.values());
  // What leads nowhere further (an exporter) stands in the last column.
  for (const id of ids) if (!hasNext.has(id) && before.get(id)!.length > 0) column.set(id, last);
  return column;
}

// Sorts each column by the mean place of its neighbours, alternately from the left and from the right.
function orderRows(
  columns: string[][],
  neighbours: ReadonlyMap<string, {before: string[]; after: string[]}>,
): void {
  const place = new Map<string, number>();
  const number = (members: string[]): void =>
    members.forEach((id, i) => place.set(id, members.length < 2 ? 0.5 : i / (members.length - 1)));
  columns.forEach(number);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const side = sweep % 2 === 0 ? 'before' : 'after';
    for (const members of sweep % 2 === 0 ? columns : [...columns].reverse()) {
      const weight = new Map(
        members.map((id) => {
          const near = neighbours.get(id)![side];
          return [
            id,
            near.length === 0
              ? place.get(id)!
              : near.reduce((sum, one) => sum + place.get(one)!, 0) / near.length,
          ];
        }),
      );
      members.sort((a, b) => weight.get(a)! - weight.get(b)!);
      number(members);
    }
  }
}

// Indexes of the edges, without those that lead back to a node on the way to them.
function acyclic(ids: readonly string[], edges: readonly Edge[]): Set<number> {
  const known = new Set(ids);
  const out = new Map<string, number[]>();
  edges.forEach((edge, at) => {
    if (known.has(edge.from) && known.has(edge.to) && edge.from !== edge.to)
      out.set(edge.from, [...(out.get(edge.from) ?? []), at]);
  });
  const state = new Map<string, 'open' | 'done'>();
  const kept = new Set<number>();
  const visit = (id: string): void => {
    state.set(id, 'open');
    for (const at of out.get(id) ?? []) {
      const {to} = edges[at];
      if (state.get(to) === 'open') continue;
      kept.add(at);
      if (!state.has(to)) visit(to);
    }
    state.set(id, 'done');
  };
  for (const id of ids) if (!state.has(id)) visit(id);
  return kept;
}
