// Edges and the samples of a tap, as the collector's API has them.
const field = (path, after, before, rule = null) => ({
  path,
  change: before === undefined ? 'same' : before === null ? 'added' : after === null ? 'removed' : 'changed',
  before: before ?? null,
  after,
  rule,
});
const statements = [
  'set(attributes["region"], "north") where attributes["region"] == nil',
  'replace_pattern(attributes["http.url"], "token=[^&]*", "token=***")',
  'delete_key(attributes, "http.user_agent")',
];

export const edgesOf = (pipelines) => ({
  edges: pipelines.flatMap(({id, signal, processors}) =>
    ['', ...processors].map((processor, point) => ({
      edge: `${id}@${point}`,
      pipeline: id,
      signal,
      point,
      processor,
      closed:
        processors.indexOf('redaction') >= point
          ? 'a redaction stands behind this point; show_before_redaction: true of the extension console opens it'
          : null,
    })),
  ),
});

export const tapEdge = (edge) => ({
  edge: edge.edge,
  signal: edge.signal,
  processor: edge.processor,
  rules: edge.processor === 'transform/shop' ? statements : [],
});
export const tapPassed = (count) => ({requests: count * 3, items: count * 360, sampled: count, too_large: 0});

const same = [
  field('trace_id', '0123456789abcdef0123456789abcdef'),
  field('name', 'GET /api/cart/<img src=x onerror=alert(1)>'),
  field('kind', '2'),
  field('scope.name', 'shop \u202e reversed'),
  field('resource.attributes["service.name"]', 'frontend'),
];
export const tapSample = (edge, number) => ({
  edge: edge.edge,
  number,
  at_ms: Date.now(),
  items_before: edge.point === 0 ? null : 122,
  bytes_before: edge.point === 0 ? null : 48200,
  items_after: edge.processor === 'log_dedup' ? 120 : 122,
  bytes_after: 47100,
  refusal: null,
  counts:
    edge.point === 0
      ? {same: 122, changed: 0, added: 0, removed: 0}
      : edge.processor === 'log_dedup'
        ? {same: 120, changed: 0, added: 0, removed: 2}
        : {same: 119, changed: 3, added: 0, removed: 0},
  items:
    edge.point === 0
      ? [item('same', same)]
      : edge.processor === 'log_dedup'
        ? [item('removed', same), item('same', same)]
        : [
            item(
              'changed',
              [
                field('attributes["region"]', 'north', null, 1),
                field(
                  'attributes["http.url"]',
                  'https://shop.example/cart?token=***',
                  'https://shop.example/cart?token=0a1b2c',
                  2,
                ),
                field('attributes["http.user_agent"]', null, 'Mozilla/5.0 (X11; Linux x86_64) '.repeat(4), 3),
                ...same,
              ],
              [1, 2, 3],
            ),
            item('same', same),
          ],
  more_items: 119,
  is_cut: false,
});
function item(change, fields, rules = []) {
  return {
    change,
    name: fields.find((one) => one.path === 'name').after,
    service: 'frontend',
    trace_id: '0123456789abcdef0123456789abcdef',
    span_id: '0123456789abcdef',
    rules,
    fields,
    is_cut: false,
  };
}
