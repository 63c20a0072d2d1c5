// The pipelines as one graph of nodes and edges, with what each node shows.
import type {Destination, PipelinePoint, Pipelines, ReceiverState} from '../api/schema.ts';
import type {Edge} from './graph_layout.ts';

export type Node =
  | {kind: 'receiver'; id: string; name: string; states: ReceiverState[]}
  | {
      kind: 'pipeline';
      id: string;
      name: string;
      signal: string;
      admitted: number;
      filtered: number;
      sampledOut: number;
      point: PipelinePoint | undefined; // in front of the first processor
    }
  | {kind: 'processor'; id: string; name: string; point: PipelinePoint | undefined} // the one behind it
  | {kind: 'connector'; id: string; name: string; destinations: Destination[]}
  | {kind: 'destination'; id: string; name: string; destination: Destination | undefined; signal: string};

export interface Graph {
  nodes: Node[];
  edges: (Edge & {signal: string; tap: string})[]; // tap: the point that the edge leads from, as the API names it
}

export function pipelineGraph(all: Pipelines): Graph {
  const nodes = new Map<string, Node>();
  const edges: Graph['edges'] = [];
  const connectors = new Set(all.connectors.map((one) => one.name));
  const add = (node: Node): string => {
    if (!nodes.has(node.id)) nodes.set(node.id, node);
    return node.id;
  };
  const connector = (name: string): string =>
    add({
      kind: 'connector',
      id: `connector ${name}`,
      name,
      destinations: all.destinations.filter((one) => one.name === name),
    });
  for (const pipeline of all.pipelines) {
    const {signal} = pipeline;
    const intake = add({
      kind: 'pipeline',
      id: `pipeline ${pipeline.id}`,
      name: pipeline.id,
      signal,
      admitted: pipeline.admitted_items,
      filtered: pipeline.filtered_items,
      sampledOut: pipeline.sampled_out_items,
      point: pipeline.points?.[0],
    });
    for (const name of pipeline.receivers) {
      const from = connectors.has(name)
        ? connector(name)
        : add({
            kind: 'receiver',
            id: `receiver ${name}`,
            name,
            states: all.receivers.filter((one) => one.name === name),
          });
      edges.push({from, to: intake, signal, tap: `${pipeline.id}@0`});
    }
    let last = intake;
    pipeline.processors.forEach((name, i) => {
      const next = add({
        kind: 'processor',
        id: `processor ${pipeline.id} ${i}`,
        name,
        point: pipeline.points?.[i + 1],
      });
      edges.push({from: last, to: next, signal, tap: `${pipeline.id}@${i}`});
      last = next;
    });
    for (const name of pipeline.exporters) {
      const to = connectors.has(name)
        ? connector(name)
        : add({
            kind: 'destination',
            id: `destination ${name} ${signal}`,
            name,
            signal,
            destination: all.destinations.find((one) => one.name === name && one.signal === signal),
          });
      edges.push({from: last, to, signal, tap: `${pipeline.id}@${pipeline.processors.length}`});
    }
  }
  // A connector whose pipelines do not name it is still shown with what it feeds.
  for (const {name, feeds} of all.connectors) {
    for (const id of feeds) {
      const to = `pipeline ${id}`;
      const from = connector(name);
      const node = nodes.get(to);
      if (node?.kind === 'pipeline' && !edges.some((edge) => edge.from === from && edge.to === to))
        edges.push({from, to, signal: node.signal, tap: `${id}@0`});
    }
  }
  return {nodes: [...nodes.values()], edges};
}

/** Differences of a total for each second; null where a value is missing or the total began again. */
export function perSecond(
  totals: readonly (number | null)[],
  atMillis: readonly number[],
): (number | null)[] {
  return totals.map((now, i) => {
    const before = totals[i - 1];
    const seconds = (atMillis[i] - atMillis[i - 1]) / 1e3;
    return i === 0 || now === null || before === null || now < before || !(seconds > 0)
      ? null
      : (now - before) / seconds;
  });
}
