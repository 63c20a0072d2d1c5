// Telemetry and clients that are broken, huge or hostile: the page stays quick and correct, memory stays bounded, and
// nothing is executed.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createServer, request as httpRequest} from 'node:http';
import {connect} from 'node:net';
import {after, before, test} from 'node:test';
import {closeBrowser, overflow, shows, violations, withPage} from './browser.mjs';
import {memoryOf, startCollector} from './collector.mjs';
import {numberedSpans, request, span, spanId} from './protobuf.mjs';
import {post, sendAll, traceId as shopTrace} from './telemetry.mjs';

const token = 'correct horse battery staple';
const config =
  (console_) =>
  ({grpc, http, page, metrics}) => `
receivers:
  otlp: {protocols: {grpc: {endpoint: "localhost:${grpc}"}, http: {endpoint: "localhost:${http}"}}}
exporters: {nop: }
extensions:
  console: {endpoint: "localhost:${page}"${console_}}
service:
  extensions: [console]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: localhost, port: ${metrics}}}}}]}}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
    metrics: {receivers: [otlp], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [nop]}
`;
let collector;
before(async () => {
  collector = await startCollector(config(''));
});
after(async () => {
  await collector.stop();
  await closeBrowser();
});

const api = async (path) => {
  const began = performance.now();
  const reply = await fetch(`${collector.console}api/v1/${path}`);
  const text = await reply.text();
  return {
    status: reply.status,
    bytes: text.length,
    millis: performance.now() - began,
    value: reply.status === 200 ? JSON.parse(text) : undefined,
  };
};
const send = async (body) =>
  assert.equal(await post(collector.receiver, '/v1/traces', body, 'application/x-protobuf'), 200);
const pause = (millis) => new Promise((done) => setTimeout(done, millis));
const until = async (what, holds) => {
  for (let i = 0; i < 300; i++) {
    if (await holds()) return;
    await pause(100);
  }
  assert.fail(typeof what === 'string' ? what : what());
};
const now = BigInt(Date.now()) * 1_000_000n;
const millis = (n) => now + BigInt(n) * 1_000_000n;

test('a trace of 100,000 spans is listed, paged and drawn', async () => {
  const traceId = '1'.repeat(32);
  for (let part = 0; part < 20; part++) {
    const spans = [];
    for (let i = part * 5000 + 1; i <= (part + 1) * 5000; i++)
      spans.push(
        span({
          traceId,
          spanId: spanId(i),
          parentSpanId: i === 1 ? '' : spanId(Math.floor(i / 2)),
          name: i === 1 ? 'the root of 100,000' : `step ${i}`,
          start: millis(i % 1000),
          end: millis((i % 1000) + 5),
        }),
      );
    await send(request('large', spans));
    await pause(120);
  }
  await until('100,000 spans', async () =>
    (await api('traces?service=large')).value.traces.some((one) => one.span_count === 100_000),
  );
  const page = await api(`traces/${traceId}?limit=10000`);
  assert.equal(page.value.span_count, 100_000);
  assert.ok(page.bytes < 8 << 20, `${page.bytes} bytes`);
  assert.notEqual(page.value.next_offset, null);
  await withPage(collector.console, {path: `traces/${traceId}`}, async (view) => {
    await view.waitForSelector('.wf-row', {timeout: 60_000});
    await shows(view, 'the root of 100,000');
    assert.ok((await view.locator('.wf-row').count()) < 200, 'only rows in sight are in the document');
    await view.keyboard.press('j');
    await view.waitForSelector('.detail');
  });
});

test('a span of 10 MB is shown in part', async () => {
  const traceId = '2'.repeat(32);
  const attributes = {'big.value': 'x'.repeat(10 << 20), 'small.value': 'here'};
  await send(
    request('big', [
      span({traceId, spanId: spanId(1), name: 'ten megabytes', start: now, end: millis(1), attributes}),
    ]),
  );
  await until('the trace', async () => (await api(`traces/${traceId}`)).status === 200);
  const page = await api(`traces/${traceId}`);
  assert.ok(page.bytes < 100_000, `${page.bytes} bytes`);
  const big = page.value.spans[0].attributes.find((one) => one.key === 'big.value');
  assert.ok(big.is_cut);
  await withPage(collector.console, {path: `traces/${traceId}`}, async (view) => {
    await shows(view, 'ten megabytes');
    await view.keyboard.press('j');
    await shows(view, 'small.value', 'here');
    assert.ok((await overflow(view)) <= 0);
  });
});

test('a million distinct attribute values leave the lists and the memory bounded', async () => {
  for (let part = 0; part < 100; part++) {
    const first = part * 10_000;
    const spans = numberedSpans(
      10_000,
      {
        traceId: (0x3000_0000 + part).toString(16).padStart(32, '0'),
        spanId: Buffer.from('########').toString('hex'),
        name: 'distinct',
        start: now,
        end: millis(1),
        attributes: {'user.id': 'user-@@@@@@', 'key-%%%%%': '1'},
      },
      {'########': (i) => first + i + 1, '@@@@@@': (i) => first + i, '%%%%%': (i) => (first + i) % 20_000},
    );
    await send(request(`service-${part % 50}`, [spans]));
  }
  await pause(500);
  for (const path of ['attributes?signal=traces&limit=300', 'traces?limit=500', 'service-map', 'senders']) {
    const answer = await api(path);
    assert.equal(answer.status, 200, path);
    assert.ok(answer.bytes < 5 << 20, `${path}: ${answer.bytes} bytes`);
    assert.ok(answer.millis < 2000, `${path}: ${answer.millis} ms`);
  }
  const {recent} = (await api('status')).value;
  assert.ok(recent.bytes <= recent.bytes_max);
  const memory = (await api('memory')).value;
  assert.ok(memory.used_bytes <= memory.limit_bytes);
  const {peak} = memoryOf(collector.process.pid, readFileSync);
  assert.ok(peak < 600 << 20, `${Math.round(peak / 1e6)} MB resident`);
  await withPage(collector.console, {path: 'traces'}, async (view) => {
    await shows(view, 'distinct');
    await view.keyboard.press('/');
    await view.keyboard.type('user.id=');
    await pause(300);
    assert.deepEqual(await violations(view), []);
  });
});

const evil = '<script>globalThis.wasRun=1</script><img src=x onerror="globalThis.wasRun=1">';
const controls = 'a\u202eb\u0007c\u001b[31md\u0000e\u200bf';
test('markup, directions and control characters are text everywhere', async () => {
  const traceId = '4'.repeat(32);
  await send(
    request(`${evil}${controls}`, [
      span({
        traceId,
        spanId: spanId(1),
        name: `${evil} ${controls}`,
        start: now,
        end: millis(1),
        error: true,
        attributes: {
          [evil]: controls,
          'javascript:alert(1)': 'javascript:alert(1)',
          'url.full': 'javascript:alert(1)',
        },
      }),
    ]),
  );
  const body = {stringValue: `${evil} ${controls}`};
  const resource = {attributes: [{key: 'service.name', value: {stringValue: evil}}]};
  const logRecords = [
    {timeUnixNano: `${now}`, severityText: evil, severityNumber: 17, body, traceId, spanId: spanId(1)},
  ];
  assert.equal(
    await post(collector.receiver, '/v1/logs', {resourceLogs: [{resource, scopeLogs: [{logRecords}]}]}),
    200,
  );
  const dataPoints = [{timeUnixNano: `${now}`, asInt: '1', attributes: [{key: evil, value: body}]}];
  const metrics = [{name: evil, unit: evil, description: evil, gauge: {dataPoints}}];
  assert.equal(
    await post(collector.receiver, '/v1/metrics', {resourceMetrics: [{resource, scopeMetrics: [{metrics}]}]}),
    200,
  );
  await until('the trace', async () => (await api(`traces/${traceId}`)).status === 200);
  for (const path of [
    '',
    'pipeline',
    'traces',
    `traces/${traceId}`,
    'logs',
    'metrics',
    `metrics/${encodeURIComponent(evil)}`,
    'map',
    'pipeline/traces%400',
  ]) {
    await withPage(collector.console, {path}, async (view) => {
      if (path.startsWith('traces/')) {
        await view.waitForSelector('.wf-row');
        await view.keyboard.press('j');
        await shows(view, '⟨U+202E⟩', '⟨U+001B⟩', '⟨U+0000⟩');
      }
      await pause(400);
      assert.equal(await view.evaluate(() => globalThis.wasRun), undefined, path);
      assert.equal(await view.locator('main script, main img').count(), 0, path);
      assert.equal(await view.locator('a[href^="javascript"]').count(), 0, path);
      assert.ok((await overflow(view)) <= 0, path);
    });
  }
});

test('broken clocks, orphans, cycles and repeated ids are drawn and marked', async () => {
  const traceId = '5'.repeat(32);
  const make = (id, parent, name, from, to) =>
    span({
      traceId,
      spanId: spanId(id),
      parentSpanId: parent === 0 ? '' : spanId(parent),
      name,
      start: millis(from),
      end: millis(to),
    });
  await send(
    request('broken', [
      make(1, 0, 'root', 0, 100),
      make(2, 1, 'before its parent', -50, 10),
      make(3, 1, 'ends before it starts', 40, 20),
      make(4, 99, 'orphan', 10, 20),
      make(5, 6, 'cycle one', 10, 20),
      make(6, 5, 'cycle two', 12, 18),
      make(7, 7, 'its own parent', 15, 25),
      make(8, 1, 'twice, first', 30, 40),
      make(8, 1, 'twice, second', 50, 60),
      span({traceId, spanId: spanId(9), parentSpanId: spanId(1), name: 'in the year 1970', start: 0, end: 5}),
      span({
        traceId,
        spanId: spanId(10),
        parentSpanId: spanId(1),
        name: 'at the end of time',
        start: 18446744073709551615n,
        end: 18446744073709551615n,
      }),
    ]),
  );
  await until('the trace', async () => (await api(`traces/${traceId}`)).status === 200);
  const {value} = await api(`traces/${traceId}`);
  assert.equal(value.span_count, 11);
  assert.equal(value.spans.length, 11);
  await withPage(collector.console, {path: `traces/${traceId}`}, async (view) => {
    await shows(
      view,
      'root',
      'before its parent',
      'ends before it starts',
      'orphan',
      'cycle one',
      'cycle two',
      'its own parent',
      'twice, first',
      'twice, second',
      'in the year 1970',
      'at the end of time',
    );
    assert.equal(await view.locator('.wf-row').count(), 11);
    assert.deepEqual(await violations(view), []);
    assert.ok((await overflow(view)) <= 0);
  });
});

const clientsMax = 64;
/** A client of the events: {socket, status, isClosed}; the status is there when the answer is. */
function eventClient() {
  const {port} = new URL(collector.console);
  const client = {socket: connect(Number(port), '127.0.0.1'), status: undefined, isClosed: false};
  client.socket.on('error', () => {});
  client.socket.on('close', () => {
    client.isClosed = true;
  });
  client.socket.once('data', (text) => {
    client.status = String(text).split(' ')[1];
  });
  client.socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return client;
}
/**
 * Adds clients to `clients` until `wanted` of them are served. Those that are refused ask again: the collector hears of
 * a closed page with the next event that it writes.
 */
const fill = (clients, wanted) =>
  until(`${wanted} clients served`, () => {
    for (const refused of clients.filter((one) => one.status === '503' || one.isClosed)) {
      refused.socket.destroy();
      clients.splice(clients.indexOf(refused), 1);
    }
    while (clients.length < wanted) clients.push(eventClient());
    return clients.every((one) => one.status === '200');
  });

test('a thousand clients: 64 are served, the others are told, and telemetry still arrives', async () => {
  const clients = [];
  const others = [];
  try {
    await fill(clients, clientsMax);
    while (clients.length + others.length < 1000) others.push(eventClient());
    // A connection beyond what the server holds is closed without an answer.
    const told = () => others.filter((one) => one.status === '503' || one.isClosed);
    await until(
      () => `${told().length} of ${others.length} are told`,
      () => told().length === others.length,
    );
    await sendAll(collector.receiver);
    assert.ok(others.some((one) => one.status === '503'));
    assert.ok(others.every((one) => one.status !== '200'));
    assert.ok(clients.every((one) => !one.isClosed));
    const {peak} = memoryOf(collector.process.pid, readFileSync);
    assert.ok(peak < 600 << 20, `${Math.round(peak / 1e6)} MB resident`);
  } finally {
    for (const {socket} of [...clients, ...others]) socket.destroy();
  }
  const later = [];
  await fill(later, 8);
  for (const {socket} of later) socket.destroy();
});

test('a stream that is cut in the middle is opened again, and what was half sent is not shown', async () => {
  const target = new URL(collector.console);
  let cuts = 0;
  const proxy = createServer((asked, answer) => {
    const forwarded = httpRequest(
      {host: '127.0.0.1', port: target.port, path: asked.url, method: asked.method, headers: asked.headers},
      (reply) => {
        answer.writeHead(reply.statusCode, reply.headers);
        if (!asked.url.startsWith('/api/v1/events') || reply.statusCode !== 200 || cuts >= 2)
          return reply.pipe(answer);
        cuts++;
        reply.on('data', (piece) => {
          answer.write(piece.subarray(0, piece.length - 40));
          setTimeout(() => answer.destroy(), 50);
        });
      },
    );
    forwarded.on('error', () => answer.destroy());
    asked.pipe(forwarded);
    answer.on('close', () => forwarded.destroy());
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  const address = `http://localhost:${proxy.address().port}/`;
  try {
    await withPage(
      address,
      {expected: ['ERR_INCOMPLETE_CHUNKED_ENCODING', 'ERR_CONNECTION']},
      async (view) => {
        await view.waitForSelector('.live-open', {timeout: 15_000});
        await until('two cuts', () => cuts === 2);
        await view.waitForSelector('.live-open', {timeout: 15_000});
        await sendAll(collector.receiver);
        await shows(view, 'checkout');
      },
    );
  } finally {
    proxy.closeAllConnections();
    await new Promise((done) => proxy.close(done));
  }
});

test('without its token nothing is told; a wrong one is refused', async () => {
  const locked = await startCollector(config(`, token: "${token}"`), {
    headers: {Authorization: `Bearer ${token}`},
  });
  try {
    const status = async (path, authorization) =>
      (
        await fetch(
          `${locked.console}api/v1/${path}`,
          authorization ? {headers: {Authorization: authorization}} : {},
        )
      ).status;
    for (const path of [
      'status',
      'traces',
      'events',
      'edges',
      'tap?edge=traces',
      'openapi.json',
      'nothing',
    ]) {
      assert.equal(await status(path), 401, path);
      for (const wrong of [
        'Bearer wrong',
        `Bearer ${token}x`,
        `Basic ${token}`,
        'Bearer ',
        `Bearer ${token.slice(1)}`,
      ])
        assert.equal(await status(path, wrong), 401, `${path} ${wrong}`);
    }
    assert.equal(await status('status', `Bearer ${token}`), 200);
    await withPage(locked.console, {expected: ['401']}, async (view) => {
      await shows(view, 'asks for its token');
      await view.getByLabel('This console asks for its token').fill('wrong');
      await Promise.all([view.waitForEvent('load'), view.getByRole('button', {name: 'Open'}).click()]);
      await shows(view, 'asks for its token');
      await view.getByLabel('This console asks for its token').fill(token);
      await Promise.all([view.waitForEvent('load'), view.getByRole('button', {name: 'Open'}).click()]);
      await shows(view, 'Waiting for the first telemetry');
      assert.ok(!(await view.evaluate(() => location.href)).includes('horse'));
      assert.equal(await view.evaluate(() => document.cookie), '');
    });
  } finally {
    await locked.stop();
  }
});

test('after all of that a trace is shown', async () => {
  await sendAll(collector.receiver);
  await until('the trace', async () => (await api(`traces/${shopTrace}`)).status === 200);
  assert.equal(collector.process.exitCode, null);
});
