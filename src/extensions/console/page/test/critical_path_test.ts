import assert from 'node:assert/strict';
import {test} from 'node:test';
import {criticalPath, selfTime} from '../source/model/critical_path.ts';
import type {Trace} from '../source/model/trace.ts';
import {span, trace} from './helpers.ts';

const path = (made: Trace): string[] =>
  criticalPath(made).map((one) => `${made.spans[one.span].id} ${one.from}-${one.to}`);

test('a single span is the whole path', () => {
  assert.deepEqual(path(trace(span('root', '', 0, 100))), ['root 0-100']);
});

test('the child that ends last is on the path, a shorter one beside it is not', () => {
  const made = trace(span('root', '', 0, 100), span('slow', 'root', 10, 90), span('quick', 'root', 10, 50));
  assert.deepEqual(path(made), ['root 90-100', 'slow 10-90', 'root 0-10']);
});

test('children one after the other are all on the path', () => {
  const made = trace(span('root', '', 0, 100), span('a', 'root', 10, 40), span('b', 'root', 50, 90));
  assert.deepEqual(path(made), ['root 90-100', 'b 50-90', 'root 40-50', 'a 10-40', 'root 0-10']);
});

test('a child that outlives its parent counts up to the end of the parent', () => {
  const made = trace(span('root', '', 0, 100), span('long', 'root', 20, 150));
  assert.deepEqual(path(made), ['long 20-100', 'root 0-20']);
});

test('the segments cover the root without a gap', () => {
  let seed = 3;
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 200; round++) {
    const spans = [span('0', '', 0, 1000)];
    for (let i = 1; i < 30; i++) {
      const start = random() * 1000;
      spans.push(span(String(i), String(Math.floor(random() * i)), start, start + random() * 300));
    }
    const made = trace(...spans);
    const root = made.spans[made.roots[0]];
    let reached = root.end;
    for (const one of criticalPath(made)) {
      assert.ok(Math.abs(one.to - reached) < 1e-6, `gap at ${reached}`);
      reached = one.from;
    }
    assert.ok(Math.abs(reached - root.start) < 1e-6);
  }
});

test('a chain of 50,000 spans has a path', () => {
  const made = trace(
    ...Array.from({length: 50_000}, (_, i) =>
      span(String(i), i === 0 ? '' : String(i - 1), i / 1000, 1000 - i / 1000),
    ),
  );
  assert.ok(criticalPath(made).length >= 50_000);
});

test('own time is what no child covers', () => {
  const made = trace(
    span('root', '', 0, 100),
    span('a', 'root', 10, 40),
    span('b', 'root', 30, 50),
    span('out', 'root', 90, 200),
  );
  assert.ok(Math.abs(selfTime(made, 0) - 50) < 1e-6);
});
