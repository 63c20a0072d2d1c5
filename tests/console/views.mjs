// The views of the page as the mock server fills them.

/** Finds traces of the mock: {named(part), failing()} give ids. */
export async function findTraces(mock) {
  const {traces} = await (await fetch(`${mock.address}api/v1/traces?limit=500&sort=errors`)).json();
  return {
    named: (part) => traces.find((one) => one.root_operation.includes(part)).trace_id,
    failing: () =>
      traces.find((one) => one.error_count > 0 && one.root_operation.includes('checkout')).trace_id,
  };
}

/** By name: the path of each view, and a text that it shows. */
export const viewsOf = ({named, failing}) => ({
  overview: ['', 'Senders'],
  pipeline: ['pipeline', 'redaction'],
  tap: ['pipeline/logs%402', 'token=***'],
  ledger: ['ledger', 'The accounts balance'],
  traces: ['traces', 'POST /api/checkout'],
  trace: [`traces/${failing()}?span=first`, 'payment.Charge'],
  flame: [`traces/${failing()}?view=flame`, 'Flame'],
  model: [`traces/${named('answer')}`, '1 call, 1,834 tokens in, 212 out, cost 0.0087'],
  hostile: [`traces/${named('<script>')}`, 'cycle two'],
  compare: [`compare/${failing()}/${named('answer')}`, 'Operations by change'],
  logs: ['logs', 'order 8812 placed'],
  metrics: ['metrics', 'http.server.requests'],
  histogram: ['metrics/http.server.request.duration', 'Distribution'],
  counter: ['metrics/http.server.requests', 'per second'],
  map: ['map', 'orders-db'],
});
