// The page against the collector: what is sent to its receivers appears in every view.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {closeBrowser, overflow, shows, violations, withPage} from './browser.mjs';

const binary = process.env.MILLRACE;
const freePort = () =>
  new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address();
      probe.close(() => done(port));
    });
  });

let folder;
let collector;
let console_;
let receiver;
let output = '';
before(async () => {
  const [grpc, http, page, metrics] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  folder = mkdtempSync(join(tmpdir(), 'console_'));
  writeFileSync(
    join(folder, 'config.yaml'),
    `
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
  collector = spawn(binary, ['--config', join(folder, 'config.yaml')]);
  for (const stream of [collector.stdout, collector.stderr])
    stream.on('data', (text) => {
      output += text;
    });
  console_ = `http://localhost:${page}/`;
  receiver = `http://localhost:${http}`;
  for (let i = 0; ; i++) {
    const answered = await fetch(`${console_}api/v1/status`).then(
      (reply) => reply.ok,
      () => false,
    );
    if (answered) break;
    assert.ok(i < 200 && collector.exitCode === null, `the collector does not start: ${output}`);
    await new Promise((done) => setTimeout(done, 50));
  }
});
after(async () => {
  collector.kill();
  await new Promise((done) => (collector.exitCode === null ? collector.once('exit', done) : done()));
  rmSync(folder, {recursive: true});
  await closeBrowser();
});

const text = (key, value) => ({key, value: {stringValue: value}});
const resource = {
  attributes: [
    text('service.name', 'checkout'),
    text('telemetry.sdk.language', 'python'),
    text('telemetry.sdk.name', 'opentelemetry'),
    text('telemetry.sdk.version', '1.38.0'),
  ],
};
const nano = (millis) => `${BigInt(Math.round(millis * 1000)) * 1000n}`;
const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const post = async (path, body, type = 'application/json') =>
  (
    await fetch(`${receiver}${path}`, {
      method: 'POST',
      headers: {'Content-Type': type},
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  ).status;

async function sendAll() {
  const now = Date.now();
  const span = (spanId, parentSpanId, name, from, to, more = {}) => ({
    traceId,
    spanId,
    parentSpanId,
    name,
    kind: 2,
    startTimeUnixNano: nano(now + from),
    endTimeUnixNano: nano(now + to),
    ...more,
  });
  assert.equal(
    await post('/v1/traces', {
      resourceSpans: [
        {
          resource,
          scopeSpans: [
            {
              scope: {name: 'shop'},
              spans: [
                span('0000000000000001', '', 'POST /checkout', 0, 90, {
                  status: {code: 2, message: 'card declined'},
                  attributes: [
                    text('http.route', '/checkout'),
                    text('note', '<img src=x onerror=alert(1)> \u202e'),
                  ],
                }),
                span('0000000000000002', '0000000000000001', 'charge card', 10, 80, {
                  status: {code: 2},
                  events: [
                    {
                      timeUnixNano: nano(now + 50),
                      name: 'exception',
                      attributes: [text('exception.message', 'no money')],
                    },
                  ],
                }),
              ],
            },
          ],
        },
      ],
    }),
    200,
  );
  assert.equal(
    await post('/v1/logs', {
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: nano(now + 51),
                  severityNumber: 17,
                  severityText: 'ERROR',
                  body: {stringValue: 'the card was declined'},
                  traceId,
                  spanId: '0000000000000002',
                },
              ],
            },
          ],
        },
      ],
    }),
    200,
  );
  for (const [at, value] of [
    [now - 10_000, 10],
    [now, 60],
  ]) {
    const times = {
      startTimeUnixNano: nano(now - 60_000),
      timeUnixNano: nano(at),
    };
    assert.equal(
      await post('/v1/metrics', {
        resourceMetrics: [
          {
            resource,
            scopeMetrics: [
              {
                metrics: [
                  {
                    name: 'shop.orders',
                    unit: '{order}',
                    sum: {
                      aggregationTemporality: 2,
                      isMonotonic: true,
                      dataPoints: [{...times, asInt: String(value)}],
                    },
                  },
                  {
                    name: 'shop.latency',
                    unit: 'ms',
                    histogram: {
                      aggregationTemporality: 2,
                      dataPoints: [
                        {
                          ...times,
                          count: String(value),
                          sum: value * 5,
                          explicitBounds: [1, 10, 100],
                          bucketCounts: ['0', String(value - 5), '5', '0'],
                        },
                      ],
                    },
                  },
                ],
              },
            ],
          },
        ],
      }),
      200,
    );
  }
}

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
    await sendAll();
    await shows(page, 'checkout', 'python', 'http/json');
  });
});

test('a request to a wrong path appears with its remedy', async () => {
  await withPage(console_, {}, async (page) => {
    assert.equal(await post('/v1/trace', {}), 404);
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
