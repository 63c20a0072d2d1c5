// Every answer of the collector's API is as openapi.json says: empty, with telemetry, during an outage, and the errors.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {checker} from '../../src/extensions/console/page/test/schema_check.mjs';
import {startCollector} from './collector.mjs';
import {post, sendAll, traceId} from './telemetry.mjs';

let collector;
let api;
let description;
let differences;
const visited = new Set();

before(async () => {
  collector = await startCollector(
    ({grpc, http, page, metrics, folder}) => `
receivers:
  otlp: {protocols: {grpc: {endpoint: "localhost:${grpc}"}, http: {endpoint: "localhost:${http}"}}}
processors:
  batch:
  filter/health: {error_mode: ignore, traces: {span: ['name == "GET /health"']}}
  transform/shop:
    trace_statements: ['set(span.attributes["region"], "north")', 'delete_key(span.attributes, "note")']
  redaction: {allow_all_keys: true, blocked_values: ['card [0-9]+']}
exporters:
  nop:
  otlp_grpc/dead:
    endpoint: "localhost:1"
    tls: {insecure: true}
    required: false
    retry_on_failure: {initial_interval: 100ms, max_interval: 200ms, max_elapsed_time: 500ms}
    dead_letter: {path: "${folder}/dead.jsonl", include_expired: true}
connectors:
  forward:
  forward/logs:
  span_metrics:
extensions:
  console: {endpoint: "localhost:${page}"}
service:
  extensions: [console]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: localhost, port: ${metrics}}}}}]}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch, filter/health, transform/shop], exporters: [nop, forward, otlp_grpc/dead]}
    traces/spans: {receivers: [forward], exporters: [span_metrics]}
    metrics: {receivers: [otlp, span_metrics], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [forward/logs]}
    logs/redacted: {receivers: [forward/logs], processors: [redaction], exporters: [nop]}
`,
  );
  api = `${collector.console}api/v1/`;
  description = await (await fetch(`${api}openapi.json`)).json();
  differences = checker(description.components.schemas);
});
after(() => collector.stop());

/** Asks, and holds the answer against the description of its path. */
async function ask(path, {query = '', method = 'GET', id = '', headers = {}} = {}) {
  const reply = await fetch(`${api}${path.replace('{trace_id}', id)}${query}`, {method, headers});
  const described = description.paths[`/api/v1/${path}`][method.toLowerCase()].responses[reply.status];
  assert.ok(described, `${path}${query}: status ${reply.status} is not described`);
  const [[type, {schema}]] = Object.entries(described.content);
  assert.equal(reply.headers.get('content-type').split(';')[0], type);
  visited.add(`/api/v1/${path}`);
  const value = await reply.json();
  assert.deepEqual(differences(value, schema, `${path}${query}`), []);
  return {status: reply.status, value};
}

/** Reads a stream until `count` events of each name have come, and holds each against its schema. */
async function readStream(path, wanted, act = async () => {}) {
  const abort = new AbortController();
  const reply = await fetch(`${api}${path}`, {signal: abort.signal});
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('content-type'), 'text/event-stream');
  visited.add(`/api/v1/${path.split('?')[0]}`);
  const schemas = {
    counters: 'Counters',
    packet: 'Packet',
    refusal: 'Refusal',
    edge: 'TapEdge',
    sample: 'TapSample',
    passed: 'TapPassed',
  };
  const seen = [];
  const missing = new Set(wanted);
  const late = setTimeout(() => abort.abort(), 15_000);
  await act();
  let pending = '';
  try {
    for await (const piece of reply.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (pending + piece).split('\n\n');
      pending = blocks.pop();
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        if (event === undefined) continue;
        const value = JSON.parse(/^data: (.*)$/m.exec(block)[1]);
        const name = schemas[event];
        assert.ok(name, `the event ${event} is not known`);
        assert.deepEqual(differences(value, description.components.schemas[name], event), []);
        seen.push([event, value]);
        missing.delete(event);
      }
      if (missing.size === 0) break;
    }
  } catch (failure) {
    if (failure.name !== 'AbortError') throw failure;
  } finally {
    clearTimeout(late);
    abort.abort();
  }
  assert.deepEqual([...missing], [], `of ${path}`);
  return seen;
}

async function askAll() {
  for (const path of [
    'status',
    'senders',
    'refusals',
    'pipelines',
    'edges',
    'ledger',
    'memory',
    'history',
    'traces',
    'logs',
    'metrics',
    'service-map',
  ])
    assert.equal((await ask(path)).status, 200);
  for (const signal of ['traces', 'metrics', 'logs'])
    assert.equal((await ask('attributes', {query: `?signal=${signal}`})).status, 200);
  visited.add('/api/v1/openapi.json');
}

test('while nothing has arrived', async () => {
  await askAll();
  assert.equal((await ask('traces/{trace_id}', {id: traceId})).status, 404);
});

test('a test trace is accepted', async () => {
  assert.equal((await ask('test-trace', {method: 'POST'})).status, 202);
});

test('streams send what is described', async () => {
  await readStream('events', ['counters', 'packet', 'refusal'], async () => {
    await sendAll(collector.receiver);
    assert.equal(await post(collector.receiver, '/v1/trace', {}), 404);
  });
});

test('a tap shows each change with the statement that made it', async () => {
  const seen = await readStream('tap?edge=traces@transform/shop', ['edge', 'sample', 'passed'], () =>
    sendAll(collector.receiver),
  );
  const [, edge] = seen.find(([event]) => event === 'edge');
  assert.equal(edge.edge, 'traces@3');
  assert.equal(edge.rules.length, 2);
  const [, sample] = seen.find(([event]) => event === 'sample');
  assert.deepEqual(sample.counts, {same: 0, changed: 2, added: 0, removed: 0});
  const item = sample.items.find((one) => one.name === 'POST /checkout');
  const changes = item.fields
    .filter((field) => field.change !== 'same')
    .map(({path, change, after, rule}) => [path, change, after, rule]);
  assert.deepEqual(changes, [
    ['attributes["note"]', 'removed', null, 2],
    ['attributes["region"]', 'added', 'north', 1],
  ]);
});

test('a tap shows what a filter removed and the condition that did it', async () => {
  const span = (spanId, name) => ({traceId, spanId, name, startTimeUnixNano: '1', endTimeUnixNano: '2'});
  const seen = await readStream('tap?edge=traces@filter/health&only=changed', ['sample'], () =>
    post(collector.receiver, '/v1/traces', {
      resourceSpans: [
        {scopeSpans: [{spans: [span('00000000000000aa', 'GET /health'), span('00000000000000ab', 'GET /')]}]},
      ],
    }),
  );
  const [, sample] = seen.find(([event]) => event === 'sample');
  assert.deepEqual(sample.counts, {same: 1, changed: 0, added: 0, removed: 1});
  assert.deepEqual(
    sample.items.map(({name, change, rules}) => [name, change, rules]),
    [['GET /health', 'removed', [1]]],
  );
  assert.deepEqual([sample.items_before, sample.items_after], [2, 1]);
});

test('points in front of a redaction are closed, also where it stands behind a connector', async () => {
  const {value} = await ask('edges');
  const open = value.edges.filter((one) => one.closed === null).map((one) => one.edge);
  assert.deepEqual(open, [
    'traces@0',
    'traces@1',
    'traces@2',
    'traces@3',
    'traces/spans@0',
    'metrics@0',
    'logs/redacted@1',
  ]);
});

test('with telemetry', async () => {
  await new Promise((done) => setTimeout(done, 500));
  await askAll();
  const {value} = await ask('traces/{trace_id}', {id: traceId});
  assert.ok(value.spans.length >= 2);
  assert.equal((await ask('traces/{trace_id}/otlp', {id: traceId})).status, 200);
  for (const metric of ['shop.orders', 'shop.latency'])
    assert.equal((await ask('series', {query: `?metric=${metric}`})).status, 200);
  assert.equal((await ask('traces', {query: '?error=true&sort=duration&limit=1'})).value.traces.length, 1);
  assert.ok((await ask('logs', {query: '?severity=17'})).value.logs.length >= 1);
});

test('errors are described too', async () => {
  for (const [path, query, status] of [
    ['traces', '?limit=0', 400],
    ['traces', '?limit=x', 400],
    ['series', '', 400],
    ['series', '?metric=none', 404],
    ['attributes', '?signal=x', 400],
    ['logs', '?before=x', 400],
    ['tap', '', 400],
    ['tap', '?edge=none', 404],
    ['tap', '?edge=traces@99', 404],
    ['tap', '?edge=logs@0', 403],
  ])
    assert.equal((await ask(path, {query})).status, status, `${path}${query}`);
});

test('every path of the description was visited', () => {
  assert.deepEqual(
    Object.keys(description.paths).filter((path) => !visited.has(path)),
    [],
  );
});
