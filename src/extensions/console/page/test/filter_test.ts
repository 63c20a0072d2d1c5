import assert from 'node:assert/strict';
import {test} from 'node:test';
import {matches, parseFilter, quantity, suggest, type Item} from '../source/model/filter.ts';
import {logQuestion} from '../source/model/log_query.ts';
import {traceQuestion} from '../source/model/trace_query.ts';

const item: Item = {
  get: (key) => ({'service': 'Checkout', 'duration': 250, 'http.status_code': '502', 'empty': ''})[key],
  text: () => 'POST /api/checkout failed "badly"',
};

for (const [query, expected] of [
  ['', true],
  ['checkout', true],
  ['CHECKOUT', true],
  ['nothing', false],
  ['-nothing', true],
  ['-checkout', false],
  ['service=checkout', true],
  ['service:checkout', true],
  ['service=check', false],
  ['service~check', true],
  ['service!=x', true],
  ['service!=checkout', false],
  ['duration>200ms', true],
  ['duration>1s', false],
  ['duration<=0.25s', true],
  ['duration=250', true],
  ['http.status_code>=500', true],
  ['http.status_code<500', false],
  ['http.status_code=502', true],
  ['missing=1', false],
  ['missing!=1', true],
  ['missing>1', false],
  ['"/api/checkout failed"', true],
  ['"api failed"', false],
  ['service="checkout"', true],
  ['service=', true],
  ['"', true],
  ['-service=checkout', false],
  ['failed service=checkout duration>1', true],
  ['failed service=payment', false],
  ['=', false],
  ['a=b=c', false],
] as [string, boolean][]) {
  test(`filter ${query === '' ? '(empty)' : query}: ${expected}`, () =>
    assert.equal(matches(parseFilter(query), item), expected));
}

test('quantities have units', () => {
  assert.equal(quantity('1.5s'), 1500);
  assert.equal(quantity('10'), 10);
  assert.equal(quantity('2us'), 0.002);
  assert.ok(Number.isNaN(quantity('soon')));
});

const vocabulary = new Map<string, string[]>([
  ['service', ['checkout', 'web shop']],
  ['status', ['error']],
  ['duration', []],
  ['http.service', ['a']],
]);

test('a begun word offers keys, those that begin with it first', () => {
  assert.deepEqual(
    suggest('ser', 3, vocabulary).map((one) => one.query),
    ['service=', 'http.service='],
  );
  assert.deepEqual(
    suggest('-dur', 4, vocabulary).map((one) => one.query),
    ['-duration>'],
  );
});

test('behind a key and an operator values are offered, with quotes where they have spaces', () => {
  assert.deepEqual(
    suggest('x service=', 10, vocabulary).map((one) => one.query),
    ['x service=checkout ', 'x service="web shop" '],
  );
  assert.deepEqual(
    suggest('service=sh more', 10, vocabulary).map((one) => one.query),
    ['service="web shop"  more'],
  );
});

test('a filter of traces is split between the server and the page', () => {
  const asked = traceQuestion(
    parseFilter('service=a operation="GET /" error duration>1s http.method=GET spans>3 word http.path~x'),
  );
  assert.deepEqual(asked.parameters, {
    service: 'a',
    operation: 'GET /',
    error: true,
    min_duration_ms: 1000,
    attribute: ['http.method=GET'],
  });
  assert.deepEqual(
    asked.rest.map((term) => term.key || term.value),
    ['spans', 'word'],
  );
  assert.deepEqual(asked.unsupported, ['http.path~x']);
});

test('a run is asked for at the server, and the page does not look for it again', () => {
  const asked = logQuestion(parseFilter('run=3f2a word'));
  assert.deepEqual(asked.parameters, {run: '3f2a', text: 'word'});
  assert.deepEqual(
    asked.terms.map((term) => term.value),
    ['word'],
  );
  // The server knows no "not"; what comes back says its run.
  assert.deepEqual(logQuestion(parseFilter('-run=earlier')).parameters, {});
});

test('a filter of logs knows levels by name', () => {
  assert.equal(logQuestion(parseFilter('severity>=warn')).parameters.severity, 13);
  const asked = logQuestion(parseFilter('severity=error refused service=a trace=00 code.function=f'));
  assert.deepEqual(asked.parameters, {
    severity: 17,
    text: 'refused',
    service: 'a',
    trace_id: '00',
    attribute: ['code.function=f'],
  });
  assert.deepEqual(
    asked.terms.filter((term) => term.key === 'severity').map((term) => term.operator + term.value),
    ['>=17', '<21'],
  );
});
