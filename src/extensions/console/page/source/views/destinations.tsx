import type {JSX} from 'preact';
import {useRef} from 'preact/hooks';
import type {Destination} from '../api/schema.ts';
import {count, duration, exact, quantiles, rate} from '../model/text.ts';
import {Bar, Empty, Text, Wide} from '../parts/basics.tsx';

export type Health = 'good' | 'warn' | 'bad';

/** How a destination is, in one word and as a colour. */
export function healthOf(one: Destination): {health: Health; word: string} {
  if (one.is_breaker_open) return {health: 'bad', word: 'breaker open'};
  if (one.consecutive_failures > 0) return {health: 'bad', word: 'failing'};
  if (one.queue_capacity > 0 && one.queue_size / one.queue_capacity > 0.8)
    return {health: 'warn', word: 'queue filling'};
  if (one.sent_items === 0 && one.in_flight === 0) return {health: 'good', word: 'idle'};
  return {health: 'good', word: 'working'};
}

/** Items a second of each destination, from one look to the next. */
export function useDestinationRates(destinations: readonly Destination[]): ReadonlyMap<string, number> {
  const last = useRef({
    at: 0,
    sent: new Map<string, number>(),
    rates: new Map<string, number>(),
    of: destinations,
  });
  const now = performance.now();
  const seconds = (now - last.current.at) / 1e3;
  if (last.current.of !== destinations && seconds > 0.5) {
    const sent = new Map(destinations.map((one) => [`${one.name} ${one.signal}`, one.sent_items]));
    const rates = new Map<string, number>();
    for (const [key, items] of sent) {
      const before = last.current.sent.get(key);
      if (before !== undefined && last.current.at > 0) rates.set(key, Math.max(0, items - before) / seconds);
    }
    last.current = {at: now, sent, rates, of: destinations};
  }
  return last.current.rates;
}

export function DestinationTable({destinations}: {destinations: readonly Destination[]}): JSX.Element {
  const rates = useDestinationRates(destinations);
  if (destinations.length === 0)
    return <Empty title="There is no destination">What arrives is shown here and goes nowhere else.</Empty>;
  return (
    <Wide label="Destinations">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Destination</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Rate
            </th>
            <th scope="col">Queue</th>
            <th scope="col" class="number">
              Oldest
            </th>
            <th
              scope="col"
              class="number"
              title="items, half of the batches and 99 % of them; the last minute"
            >
              Batch p50 / p99
            </th>
            <th scope="col" class="number" title="from an attempt to its answer; the last minute">
              Latency p50 / p99
            </th>
            <th scope="col" class="number">
              In flight
            </th>
            <th scope="col" class="number">
              Retries
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col">Last answer</th>
          </tr>
        </thead>
        <tbody>
          {destinations.map((one) => {
            const {health, word} = healthOf(one);
            const fill = one.queue_capacity > 0 ? one.queue_size / one.queue_capacity : 0;
            const failed = one.failed_items + one.enqueue_failed_items;
            return (
              <tr key={`${one.name} ${one.signal}`}>
                <th scope="row">
                  <Text of={one.name} limit={80} /> <span class="muted">{one.signal}</span>
                </th>
                <td class="nowrap">
                  <span class={`dot ${health}`} />
                  {word}
                </td>
                <td class="number">{rate(rates.get(`${one.name} ${one.signal}`) ?? 0)}</td>
                <td class="nowrap">
                  <Bar part={fill} label={`queue ${Math.round(fill * 100)} percent full`} />{' '}
                  <span class="muted">
                    {count(one.queue_size)}/{count(one.queue_capacity)}
                  </span>
                </td>
                <td class="number">{one.oldest_age_s === null ? '–' : duration(one.oldest_age_s * 1e3)}</td>
                <td class="number nowrap">{quantiles(one.batch_items, count)}</td>
                <td class="number nowrap">{quantiles(one.latency_ms, duration)}</td>
                <td class="number">
                  {one.in_flight}/{one.concurrency_limit}
                </td>
                <td class="number">{exact(one.retries)}</td>
                <td class={`number ${failed > 0 ? 'bad' : ''}`}>{exact(failed)}</td>
                <td class="answer">
                  <Text of={one.last_answer || '–'} limit={300} />
                  {one.dead_letter_path !== null && failed > 0 && (
                    <p class="muted">
                      dead letters: <Text of={one.dead_letter_path} limit={200} />
                    </p>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Wide>
  );
}
