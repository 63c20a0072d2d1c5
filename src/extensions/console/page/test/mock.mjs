// A console that needs no collector: serves the bundled page and an API with made-up telemetry, for work on the page and
// for states that are hard to make with a real collector.
//   node test/mock.mjs [--port 8890] [--state full|empty|outage|refused|busy|newer|day] [--token TOKEN]
import {createServer} from 'node:http';
import {existsSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {logRecord, logs, metrics, runOf, traces} from './mock_data.mjs';
import {asNewerApi, streamOfADay} from './mock_ages.mjs';
import {edgesOf, tapEdge, tapPassed, tapSample} from './mock_tap.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const port = Number(option('port', '8890'));
const token = option('token', '');
let state = option('state', 'full');
const startedAt = Date.now();
const types = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};
const safety = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

const seconds = () => (Date.now() - startedAt) / 1e3;
const total = (perSecond, base = 0) =>
  state === 'empty' ? 0 : Math.round(base + perSecond * (seconds() + Math.sin(seconds() / 3)));
const destination = (name, signal, more = {}) => ({
  name,
  signal,
  is_required: true,
  queue_size: state === 'empty' ? 0 : 120,
  queue_capacity: 5000,
  oldest_age_s: state === 'empty' ? null : 0.21,
  batch_items: state === 'empty' ? null : {p50: 412, p99: 1900},
  latency_ms: state === 'empty' ? null : {p50: 3.2, p99: 41.5},
  dead_letter_path: null,
  in_flight: 2,
  concurrency_limit: 10,
  consecutive_failures: 0,
  is_breaker_open: false,
  breaker_opened: 0,
  retries: 0,
  sent_items: total(420, 51200),
  failed_items: 0,
  enqueue_failed_items: 0,
  since_success_s: state === 'empty' ? null : 0.1,
  last_answer: state === 'empty' ? '' : 'OK',
  ...more,
});
const destinations = () => {
  const sick =
    state === 'outage'
      ? {
          queue_size: 4710,
          oldest_age_s: 312,
          latency_ms: null,
          dead_letter_path: '/var/lib/millrace/dead-letters/backup.jsonl',
          consecutive_failures: 41,
          is_breaker_open: true,
          breaker_opened: 3,
          retries: 212,
          since_success_s: 318,
          last_answer: 'UNAVAILABLE: connect to backup.example:4317: Connection refused',
          sent_items: 20000,
          enqueue_failed_items: 812,
        }
      : {};
  return [
    destination('otlp/main', 'traces'),
    destination('otlp/backup', 'traces', sick),
    destination('otlp/main', 'logs', {sent_items: total(90, 9100)}),
    destination('otlp_http/metrics-with-a-rather-long-name', 'metrics', {
      sent_items: total(60, 4000),
      is_required: false,
    }),
  ];
};
const recent = () => ({
  bytes: state === 'empty' ? 0 : 12_400_000,
  bytes_max: 64 << 20,
  requests: state === 'empty' ? 0 : 812,
  kept_requests: total(3, 812),
  skipped_requests: 0,
  oldest_at_ms: state === 'empty' ? null : Date.now() - 420e3,
  newest: total(2, 812),
});
const counters = () => ({
  at_ms: Date.now(),
  signals: Object.fromEntries(
    [
      ['traces', 420],
      ['metrics', 60],
      ['logs', 90],
    ].map(([signal, rate]) => [
      signal,
      {
        accepted: total(rate, rate * 120),
        refused: state === 'outage' ? total(4, 40) : 0,
        delivered: total(rate, rate * 120),
        dropped: state === 'outage' && signal === 'traces' ? 812 : 0,
        held: state === 'empty' ? 0 : 120,
      },
    ]),
  ),
  destinations: destinations(),
  memory_used_bytes: state === 'outage' ? 231 << 20 : 61 << 20,
  memory_limit_bytes: 256 << 20,
  recent: recent(),
  is_balanced: state !== 'outage',
});
const refusal = (id, more = {}) => ({
  id,
  at_ms: Date.now() - 4000 * id,
  receiver: 'otlp',
  protocol: 'http',
  signal: 'traces',
  reason: 'wrong_content_type',
  detail: 'content type "text/plain" is not application/x-protobuf or application/json',
  peer: '127.0.0.1:51422',
  remedy:
    'Set the exporter’s protocol to http/protobuf, or send the header Content-Type: application/json with JSON.',
  count: 1,
  ...more,
});
const refusals = () =>
  state === 'outage' || state === 'refused'
    ? [
        refusal(1, {count: 12}),
        refusal(2, {
          reason: 'invalid_data',
          protocol: 'grpc',
          detail: 'resource_spans[0].scope_spans[0].spans[3].trace_id: 15 bytes at offset 93, 16 are allowed',
          remedy: 'The exporter writes trace ids of a wrong length; update it.',
        }),
        refusal(3, {
          reason: 'grpc_to_http_path',
          detail: 'POST /opentelemetry.proto.collector.trace.v1.TraceService/Export over HTTP/1.1',
          remedy: '',
        }),
      ]
    : [];
const sender = (service, language, protocol, more = {}) => ({
  service,
  sdk_name: 'opentelemetry',
  sdk_language: language,
  sdk_version: '1.38.0',
  receiver: 'otlp',
  protocol,
  encoding: 'gzip',
  peer: '127.0.0.1:40112',
  first_seen_ms: startedAt,
  last_seen_ms: Date.now() - 900,
  signals: {traces: {requests: 120, items: total(420, 51200), bytes: total(42000, 9e6)}},
  ...more,
});
const senders = () =>
  state === 'empty'
    ? []
    : [
        sender('checkout', 'python', 'grpc'),
        sender('frontend', 'nodejs', 'http/protobuf'),
        sender('payment', 'java', 'http/json', {encoding: ''}),
        sender('', '', 'grpc', {sdk_version: '', sdk_name: ''}),
        sender('a-service-with-quite-a-long-name-that-somebody-thought-was-a-good-idea', 'dotnet', 'grpc', {
          signals: {
            metrics: {requests: 4, items: 212, bytes: 9000},
            logs: {requests: 4, items: 22, bytes: 1200},
          },
        }),
      ];
const steps = [
  [
    'Python',
    'pip install opentelemetry-distro opentelemetry-exporter-otlp\nopentelemetry-bootstrap -a install\nexport OTEL_SERVICE_NAME=my-service\nexport OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317\nopentelemetry-instrument python app.py',
  ],
  [
    'Node.js',
    'npm install @opentelemetry/auto-instrumentations-node\nexport OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318\nnode --require @opentelemetry/auto-instrumentations-node/register app.js',
  ],
  ['Java', 'java -javaagent:opentelemetry-javaagent.jar -jar app.jar'],
  ['Go', 'export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318'],
  ['.NET', 'dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol'],
  [
    'curl',
    "curl -i http://localhost:4318/v1/traces -H 'Content-Type: application/json' -d '{\"resourceSpans\":[]}'",
  ],
].map(([title, text]) => ({title, text}));

// A few of the traces were received by an earlier run.
const runOfTrace = (trace) => runOf(traces.indexOf(trace) % 9 === 4 ? 1 : 0);

const summary = (trace) => {
  const root = trace.spans.find((one) => one.parent_span_id === '') ?? trace.spans[0];
  return {
    trace_id: trace.id,
    root_service: trace.resources[root.resource].service,
    root_operation: root.name,
    has_root: true,
    start_unix_nano: root.start_unix_nano,
    duration_ns: root.duration_ns,
    span_count: trace.spans.length,
    error_count: trace.spans.filter((one) => one.status === 'error').length,
    services: [...new Set(trace.spans.map((one) => trace.resources[one.resource].service))],
    seen_at_ms: Math.round(trace.at),
    run: runOfTrace(trace),
  };
};
const summaries = traces.map(summary);
const isOfRun = (one, query) => !query.get('run') || one.run.is_current === (query.get('run') === 'current');
const hasAttribute = (list, wanted) => {
  const [key, value] = wanted.split(/=(.*)/s);
  return list.some((one) => one.key === key && (value === undefined || one.value === value));
};

// In the state "busy" log records keep coming.
setInterval(() => {
  if (state === 'busy')
    for (let i = 0; i < 5; i++) logs.unshift(logRecord(Date.now() + i, 9, `busy ${logs.length}`, 'checkout'));
}, 300).unref();

const points = (processors) =>
  Array.from({length: processors + 1}, (_, point) => ({
    point,
    batch_items: state === 'empty' ? null : {p50: 96 - 8 * point, p99: 512 - 20 * point},
    latency_ms: state === 'empty' || point === 0 ? null : {p50: 0.02 * point, p99: 0.4 * point},
  }));

const routes = {
  'status': () => ({
    version: '0.1.0',
    started_at_ms: startedAt,
    now_ms: Date.now(),
    uptime_s: seconds(),
    is_accepting: true,
    is_draining: false,
    workers: 2,
    listeners: [
      ['grpc', 4317],
      ['http', 4318],
    ].map(([protocol, p]) => ({receiver: 'otlp', protocol, endpoint: `localhost:${p}`, port: p, tls: false})),
    first_steps: steps,
    recent: recent(),
    sample_rate: 1,
    file: {
      directory: '/var/lib/millrace/console',
      bytes: 41 << 20,
      bytes_max: 128 << 20,
      read_requests: 120,
      written_requests: 900,
      lost_requests: state === 'outage' ? 3 : 0,
      trouble: '',
    },
    runs: [runOf(0), runOf(1)],
    alerts:
      state === 'outage'
        ? [
            'otlp/backup (traces) has not answered for 5 minutes: connection refused',
            'its queue is 94 % full',
          ]
        : [],
  }),
  'senders': () => ({senders: senders(), forgotten: 0}),
  'refusals': () => ({refusals: refusals(), total: refusals().length}),
  'traces': (query) => {
    if (state === 'empty') return {traces: [], next_cursor: null, is_incomplete: false, trace_count: 0};
    let found = summaries.filter(
      (one) =>
        (!query.get('service') || one.services.includes(query.get('service'))) &&
        (!query.get('operation') || one.root_operation === query.get('operation')) &&
        (!query.get('min_duration_ms') || one.duration_ns / 1e6 >= Number(query.get('min_duration_ms'))) &&
        (!query.get('max_duration_ms') || one.duration_ns / 1e6 <= Number(query.get('max_duration_ms'))) &&
        (query.get('error') !== 'true' || one.error_count > 0) &&
        isOfRun(one, query),
    );
    const wanted = query.getAll('attribute');
    if (wanted.length > 0)
      found = found.filter((one) =>
        wanted.every((text) =>
          traces.find((t) => t.id === one.trace_id).spans.some((s) => hasAttribute(s.attributes, text)),
        ),
      );
    const sort = query.get('sort') ?? 'recent';
    found.sort((a, b) =>
      sort === 'duration'
        ? b.duration_ns - a.duration_ns
        : sort === 'errors'
          ? Math.sign(b.error_count) - Math.sign(a.error_count) || b.duration_ns - a.duration_ns
          : b.seen_at_ms - a.seen_at_ms,
    );
    return {
      traces: found.slice(0, Number(query.get('limit') ?? 100)),
      next_cursor: null,
      is_incomplete: false,
      trace_count: found.length,
    };
  },
  'logs': (query) => {
    let found =
      state === 'empty'
        ? []
        : logs.filter(
            (one) =>
              (!query.get('service') || one.service === query.get('service')) &&
              one.severity_number >= Number(query.get('severity') ?? 0) &&
              (!query.get('text') || one.body.toLowerCase().includes(query.get('text').toLowerCase())) &&
              (!query.get('trace_id') || one.trace_id === query.get('trace_id')) &&
              isOfRun(one, query) &&
              query.getAll('attribute').every((text) => hasAttribute(one.attributes, text)),
          );
    if (query.get('before')) found = found.filter((one) => Number(one.cursor) < Number(query.get('before')));
    if (query.get('after'))
      found = found.filter((one) => Number(one.cursor) > Number(query.get('after'))).reverse();
    const page = found.slice(0, Number(query.get('limit') ?? 100));
    return {
      logs: page,
      next_cursor: page.length < found.length ? page.at(-1).cursor : null,
      newest_cursor: logs[0].cursor,
      is_incomplete: false,
    };
  },
  'metrics': (query) => ({
    metrics:
      state === 'empty'
        ? []
        : metrics
            .map((one) => ({...one, series: one.series.filter((each) => isOfRun(each, query))}))
            .filter(({series}) => series.length > 0)
            .map(({series, ...one}) => ({
              ...one,
              services: [...new Set(series.map((s) => s.service))],
              series_count: series.length,
              is_cut: false,
              run: series[0].run,
              last_at_unix_nano: series[0].points.at(-1).time_unix_nano,
              sparkline: series[0].points.slice(-30).map((p) => p.value ?? p.count ?? 0),
            }))
            .sort((a, b) => a.name.localeCompare(b.name)),
    is_incomplete: false,
  }),
  'series': (query) => {
    const found = metrics.find((one) => one.name === query.get('metric'));
    return (
      found && {
        ...found,
        series_count: found.series.length,
        is_incomplete: false,
        cardinality: [
          {key: 'http.route', distinct_values: found.series.length},
          {key: 'http.status_code', distinct_values: 1},
        ],
      }
    );
  },
  'attributes': () => {
    const keys = new Map();
    for (const trace of traces.slice(0, 40))
      for (const span of trace.spans)
        for (const {key, value} of span.attributes) {
          const values = keys.get(key) ?? keys.set(key, new Map()).get(key);
          values.set(value, (values.get(value) ?? 0) + 1);
        }
    return {
      keys: [...keys].map(([key, values]) => ({
        key,
        count: values.size,
        values: [...values].slice(0, 20).map(([value, count]) => ({value, count})),
        distinct_values: values.size,
        is_cut: false,
      })),
      is_incomplete: false,
    };
  },
  'service-map': () => {
    if (state === 'empty') return {services: [], calls: [], is_incomplete: false};
    const names = ['frontend', 'checkout', 'payment', 'inventory', 'orders-db', 'support-bot'];
    return {
      services: names.map((name, i) => ({
        name,
        span_count: 900 - i * 100,
        error_count: name === 'payment' ? 41 : 0,
      })),
      calls: [
        ['frontend', 'checkout'],
        ['checkout', 'payment'],
        ['checkout', 'inventory'],
        ['inventory', 'orders-db'],
        ['checkout', 'orders-db'],
      ].map(([from, to]) => ({from, to, count: 120, error_count: to === 'payment' ? 8 : 0})),
      is_incomplete: false,
    };
  },
  'pipelines': () => ({
    pipelines: [
      {
        id: 'traces',
        signal: 'traces',
        receivers: ['otlp', 'zipkin'],
        processors: ['filter/health', 'attributes/region', 'redaction'],
        exporters: ['otlp/main', 'otlp/backup'],
        admitted_items: total(420, 51200),
        filtered_items: total(20, 2100),
        sampled_out_items: 0,
        points: points(3),
      },
      {
        id: 'metrics',
        signal: 'metrics',
        receivers: ['otlp'],
        processors: [],
        exporters: ['otlp_http/metrics-with-a-rather-long-name'],
        admitted_items: total(60, 4000),
        filtered_items: 0,
        sampled_out_items: 0,
        points: points(0),
      },
      {
        id: 'logs',
        signal: 'logs',
        receivers: ['otlp'],
        processors: ['log_dedup', 'transform/shop'],
        exporters: ['otlp/main'],
        admitted_items: total(90, 9100),
        filtered_items: 12,
        sampled_out_items: 0,
        points: points(2),
      },
    ],
    connectors: [],
    receivers: [
      ['otlp', 'traces', 420],
      ['otlp', 'metrics', 60],
      ['otlp', 'logs', 90],
      ['zipkin', 'traces', 0],
    ].map(([name, signal, rate]) => ({
      name,
      signal,
      accepted_items: total(rate, rate * 120),
      refused_items: state === 'outage' ? 412 : 0,
      refusals:
        state === 'outage' && name === 'otlp' && signal === 'traces'
          ? ['the queue of otlp/backup is full']
          : [],
    })),
    destinations: destinations(),
    storages: [
      {
        name: 'file_storage/queue',
        trouble: state === 'outage' ? 'write: No space left on device' : '',
        bytes: 812 << 20,
        bytes_max: 1 << 30,
      },
    ],
    certificates: [
      {owner: 'receiver otlp', protocol: 'grpc', expires_at_ms: Date.now() + 86 * 86_400_000},
      {
        owner: 'exporter otlp/backup',
        protocol: '',
        expires_at_ms: Date.now() + (state === 'outage' ? 3.5 : 40) * 86_400_000,
      },
    ],
  }),
  'edges': () => edgesOf(routes.pipelines().pipelines),
  'ledger': () => {
    const account = (signal, pipeline, name, more = {}) => {
      const one = {
        signal,
        pipeline,
        destination: name,
        admitted: total(400, 48000),
        recovered: 0,
        delivered: 0,
        filtered: total(20, 2100),
        sampled_out: 0,
        rejected_by_peer: 0,
        dropped: {},
        dropped_total: 0,
        losses: [],
        held: state === 'empty' ? 0 : 120,
        difference: 0,
        dead_letter_path: null,
        ...more,
      };
      one.delivered =
        one.admitted +
        one.recovered -
        one.filtered -
        one.sampled_out -
        one.rejected_by_peer -
        one.dropped_total -
        one.held -
        one.difference;
      return one;
    };
    return {
      accounts: [
        account('traces', 'traces', 'otlp/main'),
        account(
          'traces',
          'traces',
          'otlp/backup',
          state === 'outage'
            ? {
                dropped: {retry_expired: 700, queue_full: 112},
                dropped_total: 812,
                losses: [
                  ['retry_expired', 700],
                  ['queue_full', 112],
                  ['rejected_by_peer', 4],
                ].map(([reason, items]) => ({
                  reason,
                  items,
                  first_at_ms: startedAt - 290_000,
                  last_at_ms: Date.now() - 4000,
                })),
                held: 4710,
                rejected_by_peer: 4,
                dead_letter_path: '/var/lib/millrace/dead-letters/backup.jsonl',
                difference: 3,
              }
            : {},
        ),
        account('metrics', 'metrics', 'otlp_http/metrics-with-a-rather-long-name', {
          filtered: 0,
          recovered: 200,
        }),
        account('logs', 'logs', 'otlp/main', {filtered: 12}),
      ],
      receivers: routes.pipelines().receivers,
      is_balanced: state !== 'outage',
      audits: Math.round(seconds()),
      findings: state === 'outage' ? ['traces/otlp/backup: 3 items are in no book'] : [],
    };
  },
  'memory': () => ({
    limit_bytes: 256 << 20,
    used_bytes: counters().memory_used_bytes,
    peak_bytes: 240 << 20,
    refusals: state === 'outage' ? 12 : 0,
    terms: [
      ['queues', 41 << 20],
      ['connections', 9 << 20],
      ['recent telemetry', 12_400_000],
      ['idle chunks', 4 << 20],
      ['work', 1 << 20],
      ['hpack', 120 << 10],
    ].map(([name, bytes]) => ({name, bytes})),
  }),
  'history': () => {
    const at_ms = Array.from({length: 180}, (_, i) => Date.now() - (180 - i) * 5000);
    const grow = (rate) => at_ms.map((_, i) => Math.round(rate * 5 * i + rate * 12 * Math.sin(i / 14)));
    return {
      interval_s: 5,
      at_ms,
      series: {
        'traces.accepted': grow(420),
        'traces.refused': grow(state === 'outage' ? 12 : 0),
        'traces.delivered': grow(418),
        'metrics.accepted': grow(60),
        'metrics.refused': grow(0),
        'metrics.delivered': grow(60),
        'logs.accepted': grow(90),
        'logs.refused': grow(0),
        'logs.delivered': grow(90),
        'traces.held': at_ms.map((_, i) => 120 + 20 * Math.sin(i / 9)),
        'memory.used_bytes': at_ms.map((_, i) => (60 + 8 * Math.sin(i / 20)) * 1048576),
      },
    };
  },
};

function traceAnswer(id, query) {
  const trace = traces.find((one) => one.id === id);
  if (!trace) return undefined;
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 1000);
  const spans = trace.spans.slice(offset, offset + limit);
  return {
    trace_id: id,
    start_unix_nano: trace.spans[0].start_unix_nano,
    duration_ns: trace.spans[0].duration_ns,
    run: runOfTrace(trace),
    span_count: trace.spans.length,
    error_count: 0,
    offset,
    next_offset: offset + limit < trace.spans.length ? offset + limit : null,
    resources: trace.resources,
    spans,
    logs: offset === 0 ? trace.logs : [],
    critical_path: [],
    is_incomplete: false,
  };
}

const json = (response, value, status = 200) => {
  response.writeHead(status, {...safety, 'Content-Type': 'application/json'});
  response.end(JSON.stringify(value));
};
createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname.startsWith('/state/')) {
    state = url.pathname.slice(7);
    return json(response, {state});
  }
  if (!url.pathname.startsWith('/api/')) {
    const name = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    const file = join(here, '../dist', name);
    if (name.includes('..') || !existsSync(file))
      return json(response, {error: {code: 'not_found', message: 'no such page'}}, 404);
    const packed = existsSync(`${file}.gz`);
    response.writeHead(200, {
      ...safety,
      'Content-Type': types[name.split('.').pop()],
      ...(packed && {'Content-Encoding': 'gzip'}),
    });
    return response.end(readFileSync(packed ? `${file}.gz` : file));
  }
  if (token !== '' && request.headers.authorization !== `Bearer ${token}`)
    return json(response, {error: {code: 'unauthorized', message: 'a token is needed'}}, 401);
  const path = url.pathname.replace('/api/v1/', '');
  if (path === 'events') {
    response.writeHead(200, {...safety, 'Content-Type': 'text/event-stream'});
    const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (state === 'day') {
      void streamOfADay(response, counters(), () => state);
      return;
    }
    if (state === 'newer') send('novel', {member: 1});
    send('counters', state === 'newer' ? asNewerApi(counters()) : counters());
    let was = state;
    const timer = setInterval(() => {
      if (was === 'empty' && state !== 'empty')
        send('packet', {
          service: 'checkout',
          sdk_name: 'opentelemetry',
          sdk_language: 'python',
          sdk_version: '1.38.0',
          protocol: 'grpc',
          encoding: 'gzip',
          peer: '127.0.0.1:40112',
          signals: {traces: {requests: 1, items: 14, bytes: 4000}},
        });
      if (was !== state && state === 'refused') send('refusal', refusals()[0]);
      was = state;
      send('counters', counters());
    }, 1000);
    return request.on('close', () => clearInterval(timer));
  }
  if (path === 'tap') {
    const edge = routes.edges().edges.find((one) => one.edge === url.searchParams.get('edge'));
    if (edge === undefined || edge.closed !== null) {
      const [status, code] = edge ? [403, 'closed'] : [404, 'not_found'];
      return json(response, {error: {code, message: edge?.closed ?? 'no such edge'}}, status);
    }
    response.writeHead(200, {...safety, 'Content-Type': 'text/event-stream'});
    const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    send('edge', tapEdge(edge));
    let number = 0;
    const pass = () => {
      if (state !== 'empty') send('sample', tapSample(edge, ++number));
      send('passed', tapPassed(number));
    };
    pass();
    const timer = setInterval(pass, 1000);
    return request.on('close', () => clearInterval(timer));
  }
  if (path === 'test-trace' && request.method === 'POST') {
    state = state === 'empty' ? 'full' : state;
    return json(response, {trace_id: traces[0].id}, 202);
  }
  const trace = /^traces\/([0-9a-f]+)(\/otlp)?$/.exec(path);
  const answer = trace
    ? trace[2]
      ? {resourceSpans: []}
      : traceAnswer(trace[1], url.searchParams)
    : routes[path]?.(url.searchParams);
  if (answer === undefined)
    return json(response, {error: {code: 'not_found', message: `nothing is known of ${path}`}}, 404);
  json(response, state === 'newer' ? asNewerApi(answer) : answer);
}).listen(port, '127.0.0.1', () => console.log(`http://localhost:${port}/`));
