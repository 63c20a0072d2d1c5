import assert from 'node:assert/strict';
import {test} from 'node:test';
import {buildTrace, visibleRows} from '../source/model/trace.ts';
import {ids, nano, span, trace} from './helpers.ts';

test('children follow their parent in the order of their starts', () => {
  const made = trace(
    span('late', 'root', 50, 60),
    span('root', '', 0, 100),
    span('early', 'root', 10, 20),
    span('leaf', 'early', 12, 14),
  );
  assert.deepEqual(ids(made), ['root', 'early', 'leaf', 'late']);
  assert.deepEqual(
    made.spans.map((one) => one.depth),
    [0, 1, 2, 1],
  );
  assert.deepEqual(
    made.spans.map((one) => one.size),
    [4, 2, 1, 1],
  );
  assert.equal(made.duration, 100);
});

test('a folded subtree has one row', () => {
  const made = trace(
    span('root', '', 0, 100),
    span('a', 'root', 10, 20),
    span('b', 'a', 12, 14),
    span('c', 'root', 30, 40),
  );
  assert.deepEqual(visibleRows(made, new Set([1])), [0, 1, 3]);
  assert.deepEqual(visibleRows(made, new Set([0])), [0]);
});

test('an orphan is a root that says so', () => {
  const made = trace(span('root', '', 0, 100), span('lost', 'unknown', 10, 20));
  assert.deepEqual(ids(made), ['root', 'lost']);
  assert.deepEqual(made.spans[1].problems, ['orphan']);
  assert.equal(made.roots.length, 2);
});

test('a cycle of parents is drawn once', () => {
  const made = trace(
    span('root', '', 0, 100),
    span('a', 'b', 10, 20),
    span('b', 'c', 11, 19),
    span('c', 'a', 12, 18),
    span('self', 'self', 1, 2),
  );
  assert.deepEqual([...ids(made)].sort(), ['a', 'b', 'c', 'root', 'self']);
  assert.deepEqual(
    made.spans
      .filter((one) => one.problems.includes('cycle'))
      .map((one) => one.id)
      .sort(),
    ['a', 'self'],
  );
});

test('spans with the same id keep their rows, and the first has the children', () => {
  const made = trace(
    span('root', '', 0, 100),
    span('twin', 'root', 10, 30),
    span('twin', 'root', 40, 60),
    span('child', 'twin', 12, 14),
  );
  assert.deepEqual(ids(made), ['root', 'twin', 'child', 'twin']);
  assert.deepEqual(made.spans[3].problems, ['duplicate']);
});

test('an end before the start has no length', () => {
  const made = trace(span('root', '', 0, 100), span('back', 'root', 50, 20));
  assert.equal(made.spans[1].start, made.spans[1].end);
  assert.deepEqual(made.spans[1].problems, ['ends before start']);
});

test('a clock of another year does not stretch the trace', () => {
  const made = trace(
    span('root', '', 0, 100),
    span('a', 'root', 10, 20),
    span('old', 'root', -400 * 86400e3, -400 * 86400e3 + 5),
  );
  assert.equal(made.duration, 100);
  const old = made.spans.find((one) => one.id === 'old')!;
  assert.ok(old.problems.includes('far from the other spans'));
  assert.ok(old.start >= 0 && old.end <= 100);
});

test('a child before its parent is drawn where its clock says', () => {
  const made = trace(span('root', '', 50, 100), span('early', 'root', 0, 70));
  assert.equal(made.spans[1].start, 0);
  assert.equal(made.spans[0].start, 50);
  assert.deepEqual(made.spans[1].problems, ['starts before parent']);
});

test('spans without a start time stand at the begin', () => {
  const made = trace(
    span('root', '', 5, 10),
    span('none', 'root', 0, 0, {start_unix_nano: '0', end_unix_nano: '0'}),
  );
  assert.equal(made.spans[1].start, 0);
  assert.ok(made.spans[1].problems.includes('no start time'));
});

test('nanoseconds are kept exactly', () => {
  const made = trace(
    span('root', '', 0, 1, {start_unix_nano: '1700000000000000001', end_unix_nano: '1700000000000000003'}),
  );
  assert.equal(Math.round(made.duration * 1e6), 2);
});

test('a trace without spans is empty', () => {
  const made = trace();
  assert.equal(made.duration, 0);
  assert.deepEqual(made.roots, []);
});

test('a chain of 100,000 spans is laid out', () => {
  const spans = Array.from({length: 100_000}, (_, i) =>
    span(String(i), i === 0 ? '' : String(i - 1), i / 1000, 200),
  );
  const made = trace(...spans);
  assert.equal(made.spans[99_999].depth, 99_999);
  assert.equal(made.spans[0].size, 100_000);
});

test('log records lie on their span, others beside the trace', () => {
  const log = (spanId: string) => ({
    cursor: '1',
    time_unix_nano: nano(5),
    observed_time_unix_nano: '0',
    severity_number: 17,
    severity_text: '',
    body: 'b',
    body_is_cut: false,
    event_name: '',
    trace_id: '',
    span_id: spanId,
    service: '',
    scope_name: '',
    attributes: [],
    resource_attributes: [],
    pipeline: '',
  });
  const made = buildTrace({
    id: '',
    spans: [span('root', '', 0, 10)],
    resources: [],
    logs: [log('root'), log('other')],
  });
  assert.equal(made.spans[0].dots[0].at, 5);
  assert.equal(made.spans[0].dots[0].kind, 'exception');
  assert.equal(made.looseLogs.length, 1);
});
