// Runs of the collector beside and on top of each other.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Run, Series} from '../source/api/schema.ts';
import {ofChoice, runsOf, shifted, takeRun} from '../source/model/runs.ts';
import {parseFilter} from '../source/model/filter.ts';

const now: Run = {instance_id: 'b', started_at_ms: 9000, is_current: true};
const before: Run = {instance_id: 'a', started_at_ms: 1000, is_current: false};
const series = (service: string, run: Run): Series => ({service, run, attributes: [], points: []});
const all = [series('shop', before), series('shop', now), series('web', now)];

test('runs are listed once, the newest first', () => {
  assert.deepEqual(runsOf(all), [now, before]);
});

test('series are chosen by their run; on top of each other are all of them', () => {
  const services = (list: Series[]): string => list.map((one) => one.service).join(' ');
  assert.equal(services(ofChoice(all, 'current')), 'shop web');
  assert.equal(services(ofChoice(all, 'earlier')), 'shop');
  assert.equal(ofChoice(all, 'overlaid').length, 3);
});

test('an earlier run is moved by the time between the starts, this one is not', () => {
  assert.deepEqual(shifted([{at: 1500, value: 2}], before, now), [{at: 9500, value: 2}]);
  assert.deepEqual(shifted([{at: 9500, value: 2}], now, now), [{at: 9500, value: 2}]);
});

test('only an equal run without "not" is taken out of a filter', () => {
  assert.deepEqual(
    takeRun(parseFilter('a run=earlier b')).rest.map((term) => term.value),
    ['a', 'b'],
  );
  assert.equal(takeRun(parseFilter('run!=earlier -run=current')).run, undefined);
});
