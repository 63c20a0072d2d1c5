// The page against the collector: what is sent to its receivers appears in every view.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {closeBrowser, overflow, shows, violations, withPage} from './browser.mjs';
import {startCollector} from './collector.mjs';
import {post, sendAll, traceId} from './telemetry.mjs';

let collector;
let console_;
let receiver;
before(async () => {
  collector = await startCollector(
    ({grpc, http, page, metrics}) => `
receivers:
  otlp: {protocols: {grpc: {endpoint: "localhost:${grpc}"}, http: {endpoint: "localhost:${http}"}}}
processors:
  attributes/region: {actions: [{key: region, value: north, action: insert}]}
exporters:
  nop:
  otlp_grpc/dead: {endpoint: "localhost:1", tls: {insecure: true}, required: false}
extensions:
  console: {endpoint: "localhost:${page}"}
service:
  extensions: [console]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: localhost, port: ${metrics}}}}}]}}
  pipelines:
    traces: {receivers: [otlp], processors: [attributes/region], exporters: [nop, otlp_grpc/dead]}
    metrics: {receivers: [otlp], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [nop]}
`,
  );
  ({console: console_, receiver} = collector);
});
after(async () => {
  await collector.stop();
  await closeBrowser();
});

test('the page comes compressed, with a policy that forbids everything from elsewhere', async () => {
  const reply = await fetch(console_);
  assert.match(reply.headers.get('content-type'), /^text\/html/);
  assert.equal(reply.headers.get('content-encoding'), 'gzip');
  const policy = reply.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src '(none|self)'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
});

test('nothing has arrived: a diagnosis, and a test trace that leads to its waterfall', async () => {
  // The waterfall asks until the collector has the trace.
  await withPage(console_, {expected: ['404']}, async (page) => {
    await shows(page, 'Waiting for the first telemetry', 'localhost:', 'OTEL_EXPORTER_OTLP_ENDPOINT');
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', {name: 'Send a test trace'}).click();
    await page.waitForSelector('.wf-row', {timeout: 12_000});
  });
});

test('what is sent appears without a reload, with its sender', async () => {
  await withPage(console_, {}, async (page) => {
    await page.waitForSelector('.live-open');
    await sendAll(receiver);
    await shows(page, 'checkout', 'python', 'http/json');
  });
});

test('a request to a wrong path appears with its remedy', async () => {
  await withPage(console_, {}, async (page) => {
    assert.equal(await post(receiver, '/v1/trace', {}), 404);
    await shows(page, 'bad path');
    await page.waitForSelector('.remedy');
    assert.deepEqual(await violations(page), []);
  });
});

const views = {
  overview: ['', 'Senders'],
  pipeline: ['pipeline', 'attributes/region'],
  ledger: ['ledger', 'The accounts balance'],
  traces: ['traces', 'POST /checkout'],
  trace: [`traces/${traceId}`, 'charge card'],
  logs: ['logs', 'the card was declined'],
  metrics: ['metrics', 'shop.orders'],
  counter: ['metrics/shop.orders', 'order per second'],
  histogram: ['metrics/shop.latency', 'Distribution'],
  map: ['map', 'checkout'],
  compare: [`compare/${traceId}/${traceId}`, 'charge card'],
};
for (const [name, [path, wanted]] of Object.entries(views)) {
  test(`${name}: shows what was sent, accessible, nothing overflows`, async () => {
    await withPage(console_, {path}, async (page) => {
      await shows(page, wanted);
      assert.deepEqual(await violations(page), []);
      assert.ok((await overflow(page)) <= 0);
    });
  });
}

test('a trace leads from its error to its logs, and text is never markup', async () => {
  await withPage(console_, {path: `traces/${traceId}`}, async (page) => {
    await shows(page, 'charge card');
    await page.keyboard.press('j');
    await shows(page, '<img src=x onerror=alert(1)> ⟨U+202E⟩', 'card declined', 'region', 'north');
    await page.keyboard.press('j');
    await shows(page, 'exception', 'no money', 'the card was declined');
  });
});

test('filters are answered by the collector', async () => {
  for (const [query, isFound] of [
    ['error service=checkout', true],
    ['http.route=/checkout', true],
    ['http.route=/other', false],
    ['duration>1h', false],
    ['operation="POST /checkout" spans>1', true],
  ]) {
    await withPage(console_, {path: `traces?q=${encodeURIComponent(query)}`}, async (page) => {
      await shows(page, isFound ? 'POST /checkout' : 'No trace matches');
    });
  }
});

test('a destination that does not answer is shown as failing', async () => {
  await withPage(console_, {path: 'pipeline'}, async (page) => {
    await page.waitForFunction(() => /failing|breaker open/.test(document.body.innerText), undefined, {
      timeout: 15_000,
    });
    await shows(page, 'otlp_grpc/dead');
  });
});

test('an edge of the graph opens its tap, and the action that changed an attribute is named', async () => {
  await withPage(console_, {path: 'pipeline'}, async (page) => {
    await page.getByRole('link', {name: 'Tap traces@1'}).first().click();
    await shows(page, 'behind attributes/region', 'insert region');
    await page.waitForFunction(async () => document.body.innerText.includes('since this view was opened'));
    await sendAll(receiver);
    await shows(page, 'POST /checkout', 'attributes["region"]', 'north');
    const row = page.locator('.tap-fields tr', {hasText: 'region'}).first();
    assert.match(await row.innerText(), /–[^]*north[^]*1/);
    assert.deepEqual(await violations(page), []);
    assert.ok((await overflow(page)) <= 0);
  });
});
