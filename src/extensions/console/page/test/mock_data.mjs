// Telemetry for the mock server, made from a seed: the same at every start.
let seed = 7;
const random = () => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
};
const hex = (digits) => Array.from({length: digits}, () => Math.floor(random() * 16).toString(16)).join('');
const pick = (list) => list[Math.floor(random() * list.length)];
const nano = (millis) => `${BigInt(Math.round(millis * 1e3)) * 1000n}`;
export const attribute = (key, value) => ({
  key,
  value: typeof value === 'object' ? JSON.stringify(value) : String(value),
  is_cut: false,
  type:
    typeof value === 'number'
      ? Number.isInteger(value)
        ? 'int'
        : 'double'
      : typeof value === 'object'
        ? 'array'
        : typeof value === 'boolean'
          ? 'bool'
          : 'string',
});
const attributes = (object) => Object.entries(object).map(([key, value]) => attribute(key, value));

const start = Date.now();
/** This run of the collector (0), and one that began an hour earlier (1). */
export const runOf = (number) => ({
  instance_id: `3f2a${number}`.repeat(4),
  started_at_ms: start - number * 3_600_000,
  is_current: number === 0,
});
export const resource = (service, extra = {}) => ({
  service,
  schema_url: '',
  attributes: attributes({
    'service.name': service,
    'service.version': '2.4.1',
    'host.name': 'ip-10-0-3-17',
    'telemetry.sdk.language': 'python',
    ...extra,
  }),
});

function span(trace, parent, at, millis, name, resourceIndex, kind, more = {}) {
  const made = {
    span_id: hex(16),
    parent_span_id: parent ? parent.span_id : '',
    name,
    kind,
    start_unix_nano: nano(at),
    end_unix_nano: nano(at + millis),
    duration_ns: millis * 1e6,
    offset_ns: (at - trace.at) * 1e6,
    status: 'unset',
    status_message: '',
    trace_state: '',
    resource: resourceIndex,
    scope_name: 'opentelemetry.instrumentation',
    scope_version: '0.48',
    pipeline: 'traces',
    attributes: [],
    events: [],
    links: [],
    dropped_attributes_count: 0,
    dropped_events_count: 0,
    dropped_links_count: 0,
    depth: 0,
    is_orphan: false,
    is_cut: false,
    ...more,
  };
  trace.spans.push(made);
  return made;
}
const event = (at, name, values = {}) => ({
  name,
  time_unix_nano: nano(at),
  attributes: attributes(values),
  dropped_attributes_count: 0,
});

export function logRecord(at, severity, body, service, more = {}) {
  const names = {5: 'DEBUG', 9: 'INFO', 13: 'WARN', 17: 'ERROR'};
  return {
    cursor: String(Math.round(at)),
    time_unix_nano: nano(at),
    observed_time_unix_nano: nano(at + 1),
    severity_number: severity,
    severity_text: names[severity],
    body,
    body_is_cut: false,
    event_name: '',
    trace_id: '',
    span_id: '',
    service,
    scope_name: 'app.logger',
    pipeline: 'logs',
    run: runOf(0),
    attributes: attributes({'code.function': 'handle', 'thread.id': 14}),
    resource_attributes: resource(service).attributes,
    ...more,
  };
}

export function checkoutTrace(at, failed, slow) {
  const trace = {
    id: hex(32),
    at,
    spans: [],
    logs: [],
    resources: ['frontend', 'checkout', 'payment', 'inventory', 'orders-db'].map((name) => resource(name)),
  };
  const f = (slow ? 9 : 1) * (0.8 + random() * 0.5);
  const root = span(trace, null, at, 182 * f, 'POST /api/checkout', 0, 'server', {
    attributes: attributes({
      'http.request.method': 'POST',
      'url.path': '/api/checkout',
      'http.response.status_code': failed ? 502 : 200,
      'user.id': `u-${Math.floor(random() * 900)}`,
      'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0',
    }),
    status: failed ? 'error' : 'unset',
    status_message: failed ? 'upstream payment failed' : '',
  });
  const call = span(trace, root, at + 4 * f, 170 * f, 'checkout.PlaceOrder', 1, 'server', {
    attributes: attributes({'rpc.system': 'grpc', 'rpc.method': 'PlaceOrder'}),
  });
  const cart = span(trace, call, at + 8 * f, 31 * f, 'inventory.Reserve', 3, 'server');
  span(trace, cart, at + 12 * f, 18 * f, 'SELECT stock', 4, 'client', {
    attributes: attributes({
      'db.system.name': 'postgresql',
      'db.query.text': 'SELECT sku, quantity FROM stock WHERE sku = ANY($1) FOR UPDATE',
    }),
  });
  const pay = span(trace, call, at + 44 * f, 98 * f, 'payment.Charge', 2, 'server', {
    status: failed ? 'error' : 'ok',
    status_message: failed ? 'card declined by issuer' : '',
    events: failed
      ? [
          event(at + 130 * f, 'exception', {
            'exception.type': 'CardDeclined',
            'exception.message': 'issuer said: insufficient funds',
            'exception.stacktrace':
              'Traceback (most recent call last):\n  File "/srv/payment/charge.py", line 88, in charge\n    raise CardDeclined(reply.reason)\nCardDeclined: insufficient funds',
          }),
        ]
      : [event(at + 60 * f, 'authorised')],
    attributes: attributes({'payment.provider': 'acme', 'payment.amount': 129.9, 'payment.retry': 1}),
    links: [
      {
        trace_id: hex(32),
        span_id: hex(16),
        trace_state: '',
        attributes: attributes({'messaging.batch': 'nightly'}),
        is_held: false,
      },
    ],
  });
  span(trace, pay, at + 52 * f, 82 * f, 'POST acme.example/v2/charges', 2, 'client', {
    status: failed ? 'error' : 'unset',
    attributes: attributes({
      'http.response.status_code': failed ? 402 : 200,
      'server.address': 'acme.example',
    }),
  });
  span(trace, call, at + 145 * f, 24 * f, 'INSERT orders', 4, 'client', {
    attributes: attributes({
      'db.system.name': 'postgresql',
      'db.query.text': 'INSERT INTO orders (id, total) VALUES ($1, $2)',
    }),
  });
  trace.logs.push(
    logRecord(at + 60 * f, 9, 'charging card ending in 4242', 'payment', {
      trace_id: trace.id,
      span_id: pay.span_id,
    }),
  );
  if (failed)
    trace.logs.push(
      logRecord(at + 131 * f, 17, 'charge failed: insufficient funds (issuer code 51)', 'payment', {
        trace_id: trace.id,
        span_id: pay.span_id,
      }),
    );
  return trace;
}

export function modelTrace(at) {
  const trace = {id: hex(32), at, spans: [], logs: [], resources: [resource('support-bot')]};
  const root = span(trace, null, at, 4210, 'answer question', 0, 'server');
  span(trace, root, at + 40, 310, 'retrieve documents', 0, 'internal');
  span(trace, root, at + 380, 3790, 'chat claude-sonnet', 0, 'client', {
    attributes: attributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet',
      'gen_ai.response.model': 'claude-sonnet-4',
      'gen_ai.usage.input_tokens': 1834,
      'gen_ai.usage.output_tokens': 212,
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.cost': 0.0087,
      'gen_ai.input.messages': JSON.stringify([
        {role: 'system', parts: [{type: 'text', content: 'You answer questions about orders.'}]},
        {role: 'user', parts: [{type: 'text', content: 'Where is my order <b>4711</b>?'}]},
      ]),
      'gen_ai.output.messages': JSON.stringify([
        {
          role: 'assistant',
          parts: [{type: 'text', content: 'Order 4711 left our warehouse on Monday and arrives tomorrow.'}],
          finish_reason: 'stop',
        },
      ]),
    }),
  });
  return trace;
}

export function hostileTrace(at) {
  const trace = {
    id: 'bad0bad0bad0bad0bad0bad0bad0bad0',
    at,
    spans: [],
    logs: [],
    resources: [resource('<img src=x onerror=alert(1)>'), resource('x'.repeat(300))],
  };
  const root = span(trace, null, at, 100, '<script>window.attacked = true</script>', 0, 'server', {
    attributes: [
      attribute('<b>key</b>', '<img src=x onerror="window.attacked=true">'),
      attribute('rtl', '\u202egnp.exe'),
      attribute('control', 'a\u0000b\u001b[31m\u0007'),
      attribute('long', 'word'.repeat(5000)),
      attribute('rtl', 'twice the same key'),
      attribute('מפתח', 'ערך עברי עם English'),
    ],
  });
  span(trace, root, at - 50, 20, 'starts before its parent', 0, 'client');
  const late = span(trace, root, at + 10, 30, 'ends before its start', 0, 'client');
  late.end_unix_nano = nano(at - 400);
  span(trace, root, at - 86400e3 * 400, 5, 'clock of last year', 1, 'client');
  span(trace, {span_id: 'feedfeedfeedfeed'}, at + 5, 40, 'orphan', 1, 'consumer', {is_orphan: true});
  const one = span(trace, root, at + 20, 30, 'cycle one', 1, 'internal');
  const two = span(trace, one, at + 22, 20, 'cycle two', 1, 'internal');
  one.parent_span_id = two.span_id;
  const copy = span(trace, root, at + 60, 20, 'duplicate id', 0, 'internal');
  span(trace, root, at + 62, 20, 'duplicate id', 0, 'internal', {span_id: copy.span_id});
  span(trace, root, at + 30, 10, 'n'.repeat(400), 1, 'internal');
  span(trace, root, at + 70, 10, '', 1, 'internal', {start_unix_nano: '0', end_unix_nano: '0'});
  return trace;
}

export function largeTrace(at, spans) {
  const trace = {
    id: '10000000000000000000000000010000',
    at,
    spans: [],
    logs: [],
    resources: ['batch', 'worker', 'cache', 'db'].map((name) => resource(name)),
  };
  const root = span(trace, null, at, spans, 'nightly import', 0, 'internal');
  const open = [root];
  while (trace.spans.length < spans) {
    const parent = open[Math.floor(Math.pow(random(), 0.5) * open.length)];
    const from = Number(BigInt(parent.start_unix_nano) / 1000n) / 1e3 - at;
    const length = parent.duration_ns / 1e6;
    const begins = from + random() * length * 0.8;
    const made = span(
      trace,
      parent,
      at + begins,
      Math.max(0.01, Math.min(from + length - begins, random() * length * 0.4)),
      pick(['load page', 'parse row', 'GET key', 'UPSERT item', 'validate']),
      Math.floor(random() * 4),
      'internal',
      {
        status: random() < 0.002 ? 'error' : 'unset',
        attributes: attributes({'row.number': trace.spans.length}),
      },
    );
    if (made.duration_ns > 1e6) open.push(made);
    if (open.length > 400) open.shift();
  }
  return trace;
}

export const traces = [];
for (let i = 0; i < 120; i++)
  traces.push(checkoutTrace(start - 1500 * i - random() * 900, i % 17 === 3, i % 23 === 5));
traces.push(modelTrace(start - 8000), hostileTrace(start - 20000), largeTrace(start - 60000, 10000));

export const logs = traces.flatMap((trace) => trace.logs);
const bodies = [
  [9, 'GET /api/cart 200 in 12 ms'],
  [9, 'cache refreshed: 1,204 entries'],
  [5, 'pool: 3 idle connections'],
  [13, 'slow query: SELECT stock took 812 ms'],
  [9, 'order 8812 placed'],
  [17, 'cannot reach acme.example: connection refused'],
  [9, 'line one\nline two\n\tline three'],
];
for (let i = 0; i < 900; i++) {
  const [severity, body] = pick(bodies);
  logs.push(
    logRecord(start - i * 700, severity, body, pick(['frontend', 'checkout', 'payment', 'inventory'])),
  );
}
logs.push(
  logRecord(start - 500, 13, '<script>window.attacked = true</script> \u202egnp.exe \u0007', 'frontend'),
);
for (let i = 0; i < 30; i++)
  logs.push(
    logRecord(start - 3_600_000 + 1100 * i, 9, `order ${7000 + i} placed`, 'checkout', {run: runOf(1)}),
  );
logs.sort((a, b) => Number(b.cursor) - Number(a.cursor));

const walk = (from, step, count) => {
  const values = [from];
  while (values.length < count) values.push(Math.max(0, values.at(-1) + (random() - 0.5) * step));
  return values;
};
const point = (at, more) => ({
  time_unix_nano: nano(at),
  start_unix_nano: nano(start - 3600e3),
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
const bounds = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500];
const histogram = (cumulative) => {
  let total = Array(12).fill(0);
  return Array.from({length: 60}, (_, i) => {
    const middle = 3 + 2 * Math.sin(i / 9) + random();
    const fresh = total.map((_, b) => Math.round(400 * Math.exp(-((b - middle) ** 2) / 3)));
    total = cumulative ? total.map((n, b) => n + fresh[b]) : fresh;
    const count = total.reduce((a, b) => a + b);
    return point(start - (60 - i) * 15e3, {
      bucket_counts: [...total],
      explicit_bounds: bounds,
      count,
      sum: count * 80,
      min: 1,
      max: 2200,
      exemplars:
        i % 12 === 7
          ? [
              {
                time_unix_nano: nano(start - (60 - i) * 15e3),
                value: 812.5,
                trace_id: traces[5].id,
                span_id: traces[5].spans[0].span_id,
              },
            ]
          : [],
    });
  });
};
const counter = (step) => {
  let sum = 1000;
  return Array.from({length: 60}, (_, i) =>
    point(start - (60 - i) * 15e3, {value: (sum += Math.round(step * (0.6 + random() * 0.8)))}),
  );
};
const gauge = (from, step) => walk(from, step, 60).map((value, i) => point(start - (60 - i) * 15e3, {value}));
const series = (service, values, points, run = 0) => ({
  service,
  run: runOf(run),
  attributes: attributes(values),
  points,
});
// The points as the run before this one had them.
const hourEarlier = (points) =>
  points.map((one) => ({...one, time_unix_nano: `${BigInt(one.time_unix_nano) - 3_600_000_000_000n}`}));
export const metrics = [
  {
    name: 'http.server.request.duration',
    type: 'histogram',
    unit: 'ms',
    description: 'Duration of HTTP server requests',
    temporality: 'cumulative',
    is_monotonic: false,
    series: [
      series('frontend', {'http.route': '/api/checkout'}, histogram(true)),
      series('frontend', {'http.route': '/api/cart'}, histogram(true)),
      series('frontend', {'http.route': '/api/cart'}, hourEarlier(histogram(true)), 1),
    ],
  },
  {
    name: 'db.client.operation.duration',
    type: 'exponential_histogram',
    unit: 'ms',
    description: 'Duration of database calls',
    temporality: 'delta',
    is_monotonic: false,
    series: [series('checkout', {'db.operation': 'SELECT'}, histogram(false))],
  },
  {
    name: 'http.server.requests',
    type: 'sum',
    unit: '{request}',
    description: 'Requests served',
    temporality: 'cumulative',
    is_monotonic: true,
    series: ['/', '/api/cart', '/api/checkout'].flatMap((route, i) =>
      [0, 1].map((run) => {
        const points = counter((400 - 80 * run) / (i + 1));
        const values = {'http.route': route, 'http.status_code': 200};
        return series('frontend', values, run === 0 ? points : hourEarlier(points), run);
      }),
    ),
  },
  {
    name: 'queue.jobs',
    type: 'sum',
    unit: '{job}',
    description: 'Jobs in the queue',
    temporality: 'cumulative',
    is_monotonic: false,
    series: [series('worker', {}, gauge(40, 12))],
  },
  {
    name: 'process.memory.usage',
    type: 'gauge',
    unit: 'By',
    description: 'Resident memory',
    temporality: 'unspecified',
    is_monotonic: false,
    series: ['frontend', 'checkout', 'payment'].map((name) => series(name, {}, gauge(2.2e8, 1e7))),
  },
  {
    name: 'rpc.latency',
    type: 'summary',
    unit: 's',
    description: '',
    temporality: 'unspecified',
    is_monotonic: false,
    series: [
      series(
        'inventory',
        {},
        walk(0.08, 0.02, 60).map((value, i) =>
          point(start - (60 - i) * 15e3, {
            count: 100 * i,
            sum: 8 * i,
            quantiles: [
              {quantile: 0.5, value},
              {quantile: 0.99, value: value * 4},
            ],
          }),
        ),
      ),
    ],
  },
  {
    name: 'a.metric.with.a.very.long.name.that.does.not.fit.into.any.column.of.any.table.that.a.person.would.draw',
    type: 'gauge',
    unit: '',
    description: 'x'.repeat(400),
    temporality: 'unspecified',
    is_monotonic: false,
    series: [series('frontend', {}, gauge(1, 1))],
  },
];
