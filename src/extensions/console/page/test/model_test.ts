import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Point} from '../source/api/schema.ts';
import {coalesce, ticks} from '../source/model/axis.ts';
import {compareTraces} from '../source/model/compare.ts';
import {modelCall, modelTotals} from '../source/model/gen_ai.ts';
import {layoutGraph} from '../source/model/graph_layout.ts';
import {perSecond} from '../source/model/pipeline_graph.ts';
import {align, columns, merge, quantile, rates} from '../source/model/series.ts';
import {byService} from '../source/model/senders.ts';
import * as text from '../source/model/text.ts';
import {nano, span, trace} from './helpers.ts';

const point = (at: number, more: Partial<Point>): Point => ({
  time_unix_nano: nano(at * 1e3),
  start_unix_nano: nano(0),
  value: null,
  count: null,
  sum: null,
  min: null,
  max: null,
  bucket_counts: [],
  explicit_bounds: [],
  quantiles: [],
  exemplars: [],
  ...more,
});

test('a cumulative sum is shown as a rate, and begins again when it falls', () => {
  const points = [
    point(0, {value: 100}),
    point(10, {value: 200}),
    point(20, {value: 50}),
    point(20, {value: 60}),
  ];
  assert.deepEqual(
    rates(points, 'cumulative').map((one) => one.value),
    [10, 5],
  );
});

test('a delta sum is divided by its own interval', () => {
  const points = [
    point(10, {value: 100, start_unix_nano: nano(0)}),
    point(20, {value: 50, start_unix_nano: nano(10e3)}),
  ];
  assert.deepEqual(
    rates(points, 'delta').map((one) => one.value),
    [10, 5],
  );
});

test('cumulative histograms are drawn by what was added', () => {
  const bounds = [10, 20];
  const points = [
    point(0, {bucket_counts: [1, 2, 3], explicit_bounds: bounds}),
    point(10, {bucket_counts: [2, 2, 5], explicit_bounds: bounds}),
    point(20, {bucket_counts: [1, 0, 0], explicit_bounds: bounds}),
    point(30, {bucket_counts: [1], explicit_bounds: bounds}),
  ];
  assert.deepEqual(
    columns(points, 'cumulative').map((one) => one.counts),
    [
      [1, 0, 2],
      [1, 0, 0],
    ],
  );
});

test('quantiles are linear inside a bucket', () => {
  assert.equal(quantile({at: 0, bounds: [10, 20], counts: [0, 10, 0]}, 0.5), 15);
  assert.equal(quantile({at: 0, bounds: [10, 20], counts: [0, 0, 4]}, 0.5), 20);
  assert.ok(Number.isNaN(quantile({at: 0, bounds: [10], counts: [0, 0]}, 0.5)));
});

test('histograms of several series are added up on all of their bounds', () => {
  const merged = merge([
    [{at: 1000, bounds: [10], counts: [1, 2]}],
    [{at: 1200, bounds: [5], counts: [3, 4]}],
  ]);
  assert.deepEqual(merged, [{at: 1000, bounds: [5, 10], counts: [3, 1, 6]}]);
});

test('lines with different times get a common axis', () => {
  assert.deepEqual(
    align([
      [{at: 2, value: 1}],
      [
        {at: 1, value: 5},
        {at: 2, value: 6},
      ],
    ]),
    {
      at: [1, 2],
      values: [
        [null, 1],
        [5, 6],
      ],
    },
  );
});

test('totals become rates, and a restart leaves a gap', () => {
  assert.deepEqual(perSecond([0, 10, null, 30, 5, 15], [0, 1000, 2000, 3000, 4000, 5000]), [
    null,
    10,
    null,
    null,
    null,
    10,
  ]);
});

test('ticks are round', () => {
  assert.deepEqual(ticks(0, 208, 5), [0, 50, 100, 150, 200]);
  assert.deepEqual(ticks(5, 5, 5), [5]);
  assert.equal(ticks(0, Infinity, 5).length, 1);
});

test('stretches are cut at the frame, and close ones become one', () => {
  const found = coalesce(
    [
      {from: 90, to: 200},
      {from: 0, to: 20},
      {from: 30, to: 40},
      {from: 41, to: 42},
      {from: 300, to: 400},
    ],
    {from: 10, to: 110},
    0.02,
  );
  assert.deepEqual(found, [
    {from: 0, to: 0.1},
    {from: 0.2, to: 0.32},
    {from: 0.8, to: 1},
  ]);
});

test('operations of two traces are matched, the largest change first', () => {
  const rows = compareTraces(
    trace(span('get', '', 0, 10), span('db', 'get', 2, 4)),
    trace(span('get', '', 0, 50), span('db', 'get', 2, 42), span('new', 'get', 44, 45)),
  );
  assert.deepEqual(
    rows.map((row) => [row.name, Math.round(row.change)]),
    [
      ['db', 38],
      ['get', 1],
      ['new', 1],
    ],
  );
  assert.equal(rows[2].before.count, 0);
});

test('a graph has its edges to the right, and long ones pass between the nodes', () => {
  const layout = layoutGraph(
    ['a', 'b', 'c'],
    [
      {from: 'a', to: 'b'},
      {from: 'b', to: 'c'},
      {from: 'a', to: 'c'},
      {from: 'c', to: 'a'},
      {from: 'x', to: 'a'},
    ],
  );
  assert.deepEqual(
    layout.nodes.filter((node) => !node.isBend).map((node) => [node.id, node.column]),
    [
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ],
  );
  assert.equal(layout.routes[2].length, 3);
  assert.deepEqual(layout.routes[3], ['c', 'a']);
  assert.deepEqual(layout.routes[4], []);
  assert.equal(layoutGraph([], []).nodes.length, 0);
});

test('a call of a language model is read from attributes and events', () => {
  const attribute = (key: string, value: string) => ({key, value, type: 'string' as const, is_cut: false});
  const made = trace(
    span('chat', '', 0, 1, {
      attributes: [
        attribute('gen_ai.system', 'x'),
        attribute('gen_ai.request.model', 'm'),
        attribute('gen_ai.usage.input_tokens', '12'),
        attribute(
          'gen_ai.output.messages',
          '[{"role":"assistant","parts":[{"type":"text","content":"hi"}]}]',
        ),
      ],
      events: [
        {
          name: 'gen_ai.user.message',
          time_unix_nano: '0',
          dropped_attributes_count: 0,
          attributes: [attribute('content', 'hello')],
        },
      ],
    }),
  );
  const call = modelCall(made.spans[0])!;
  assert.equal(call.model, 'm');
  assert.equal(call.inputTokens, 12);
  assert.deepEqual(call.messages, [
    {role: 'assistant', text: 'hi'},
    {role: 'user', text: 'hello'},
  ]);
  assert.equal(modelCall(trace(span('a', '', 0, 1)).spans[0]), undefined);
});

test('the tokens of a trace are those of its calls, not of the span around them', () => {
  const usage = (tokens: string) => ({
    attributes: ['input_tokens', 'cost'].map((name) => ({
      key: `gen_ai.usage.${name}`,
      value: tokens,
      type: 'int' as const,
      is_cut: false,
    })),
  });
  const made = trace(
    span('agent', '', 0, 9, usage('30')),
    span('one', 'agent', 1, 2, usage('10')),
    span('two', 'agent', 3, 4, usage('20')),
    span('other', 'two', 3, 4),
  );
  assert.deepEqual(modelTotals(made.spans), {
    models: [],
    calls: 2,
    inputTokens: 30,
    outputTokens: 0,
    cost: 30,
  });
  assert.equal(modelTotals(trace(span('a', '', 0, 1)).spans), undefined);
});

test('senders of one service are added up, the largest service first', () => {
  const sender = (service: string, peer: string, items: number) => ({
    service,
    peer,
    sdk_name: '',
    sdk_language: '',
    sdk_version: '',
    receiver: 'otlp',
    protocol: 'grpc',
    encoding: '',
    first_seen_ms: 0,
    last_seen_ms: 0,
    signals: {traces: {requests: 1, items, bytes: 1}},
  });
  assert.deepEqual(byService([sender('small', 'a', 5), sender('shop', 'a', 4), sender('shop', 'b', 3)]), [
    {service: 'shop', items: {traces: 7, metrics: 0, logs: 0}},
    {service: 'small', items: {traces: 5, metrics: 0, logs: 0}},
  ]);
});

test('numbers are written for people', () => {
  assert.equal(text.duration(0.0123), '12.3 µs');
  assert.equal(text.duration(1500), '1.5 s');
  assert.equal(text.duration(-3), '−3 ms');
  assert.equal(text.duration(61e3), '1 min 1 s');
  assert.equal(text.count(1234567), '1.23 M');
  assert.equal(text.exact(1234567), '1,234,567');
  assert.equal(text.bytes(1536), '1.5 KiB');
  assert.equal(text.rate(0.4), '0.4/s');
  assert.equal(text.decimal(0.00001234), '1.2e-5');
  assert.equal(text.timeOfDay(NaN), '–');
});

test('what cannot be seen is made visible', () => {
  assert.equal(text.visible('a\u0000\u202eb\tc\n'), 'a⟨U+0000⟩⟨U+202E⟩b\tc\n');
  assert.equal(text.visible('abcdef', 3), 'abc… (6 characters)');
});
