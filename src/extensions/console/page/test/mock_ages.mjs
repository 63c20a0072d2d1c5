// What a page meets that stays open for long: a day of events, and a collector that was updated.
import {once} from 'node:events';

const secondsOfADay = 86_400;

/**
 * The counters of a day without the waiting, with packets of many senders. Stops at a tenth of it until the state is
 * "day-goes-on". Packets of the services "a tenth of a day" and "the end of the day" mark the places.
 */
export async function streamOfADay(response, counters, stateNow) {
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const packet = (service) =>
    send('packet', {
      service,
      sdk_name: 'opentelemetry',
      sdk_language: 'go',
      sdk_version: '1.38.0',
      protocol: 'grpc',
      encoding: '',
      peer: '127.0.0.1:40112',
      signals: {traces: {requests: 1, items: 14, bytes: 4000}},
    });
  for (let second = 0; second < secondsOfADay; second++) {
    for (const signal of Object.values(counters.signals)) signal.accepted += 100 + (second % 60);
    counters.at_ms += 1000;
    if (second % 40 === 0) packet(`service ${second}`);
    if (!send('counters', counters)) await once(response, 'drain');
    if (second === secondsOfADay / 10) {
      packet('a tenth of a day');
      while (stateNow() === 'day') await new Promise((done) => setTimeout(done, 50));
    }
  }
  packet('the end of the day');
}

// Objects whose keys are data: a new key has a value like the others.
const maps = new Set(['signals', 'dropped', 'series']);

/** The answer as a later version may give it: with members, kinds, types and reasons that this page does not know. */
export function asNewerApi(answer, key = '') {
  if (Array.isArray(answer)) return answer.map((one) => asNewerApi(one));
  if (typeof answer !== 'object' || answer === null) {
    return ['kind', 'status', 'reason'].includes(key) && answer !== '' ? 'novel_word' : answer;
  }
  const newer = Object.fromEntries(
    Object.entries(answer).map(([name, one]) => [name, asNewerApi(one, name)]),
  );
  if (!maps.has(key)) return {...newer, novel_member: {a: [1, null]}};
  const [first] = Object.values(newer);
  return first === undefined ? newer : {...newer, novel_key: first};
}
