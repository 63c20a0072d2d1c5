// What the tests send: a trace with an error, a log record of it, a counter and a histogram.
import assert from 'node:assert/strict';

export const text = (key, value) => ({key, value: {stringValue: value}});
export const resource = {
  attributes: [
    text('service.name', 'checkout'),
    text('telemetry.sdk.language', 'python'),
    text('telemetry.sdk.name', 'opentelemetry'),
    text('telemetry.sdk.version', '1.38.0'),
  ],
};
export const nano = (millis) => `${BigInt(Math.round(millis * 1000)) * 1000n}`;
export const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00';
/** The status of the answer. */
export const post = async (receiver, path, body, type = 'application/json') =>
  (
    await fetch(`${receiver}${path}`, {
      method: 'POST',
      headers: {'Content-Type': type},
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    })
  ).status;

export async function sendAll(receiver) {
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
    await post(receiver, '/v1/traces', {
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
    await post(receiver, '/v1/logs', {
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
      await post(receiver, '/v1/metrics', {
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
