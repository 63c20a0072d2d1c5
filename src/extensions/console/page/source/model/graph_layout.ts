// Places the nodes of a directed graph in columns, so that edges lead to the right.

export interface Edge {
  from: string;
  to: string;
}
export interface Placed {
  id: string;
  column: number;
  row: number;
}
export interface Layout {
  nodes: Placed[];
  columns: number;
  rows: number;
}

/** A node's column is the longest way to it; an edge that closes a cycle is not counted. */
export function layoutGraph(ids: readonly string[], edges: readonly Edge[]): Layout {
  const next = new Map<string, string[]>(ids.map((id) => [id, []]));
  const before = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const {from, to} of acyclic(ids, edges)) {
    next.get(from)!.push(to);
    before.get(to)!.push(from);
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
  const columns: string[][] = Array.from({length: last + 1}, () => []);
  // What leads nowhere further (an exporter) stands in the last column.
  for (const id of ids) {
    const isEnd = next.get(id)!.length === 0 && before.get(id)!.length > 0;
    columns[isEnd ? last : column.get(id)!].push(id);
  }
  const row = new Map<string, number>();
  columns[0].forEach((id, i) => row.set(id, i));
  for (const members of columns.slice(1)) {
    const weight = new Map(members.map((id) => {
      const rows = before.get(id)!.map((one) => row.get(one) ?? 0);
      return [id, rows.reduce((sum, one) => sum + one, 0) / Math.max(1, rows.length)];
    }));
    members.sort((a, b) => weight.get(a)! - weight.get(b)!);
    members.forEach((id, i) => row.set(id, i));
  }
  const nodes = columns.flatMap((members, at) => members.map((id, i) => ({id, column: at, row: i})));
  return {nodes, columns: last + 1, rows: Math.max(0, ...columns.map((members) => members.length))};
}

// The edges without those that lead back to a node on the way to them.
function acyclic(ids: readonly string[], edges: readonly Edge[]): Edge[] {
  const known = new Set(ids);
  const out = new Map<string, Edge[]>();
  for (const edge of edges) {
    if (known.has(edge.from) && known.has(edge.to)) out.set(edge.from, [...(out.get(edge.from) ?? []), edge]);
  }
  const state = new Map<string, 'open' | 'done'>();
  const kept: Edge[] = [];
  const visit = (id: string): void => {
    state.set(id, 'open');
    for (const edge of out.get(id) ?? []) {
      if (state.get(edge.to) === 'open') continue;
      kept.push(edge);
      if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, 'done');
  };
  for (const id of ids) if (!state.has(id)) visit(id);
  return kept;
}
