// What the server pushes: counters each second, packets, refusals. One stream for the whole page; views subscribe.
import {useEffect, useState} from 'preact/hooks';
import {readEvents} from './client.ts';
import type {Counters, Packet, Refusal} from './schema.ts';

export interface Rates {
  accepted: number;
  refused: number;
  delivered: number;
}
export interface Notice {
  id: number;
  packet: Packet;
}
export interface Live {
  connection: 'connecting' | 'open' | 'lost';
  counters?: Counters;
  rates: Record<string, Rates>; // by signal, items a second
  recentRates: Record<string, number[]>; // accepted by signal, one number a second, newest last
  packetCount: number;
  notices: Notice[];
  refusalCount: number;
  lastRefusal?: Refusal;
  paused: boolean;
}

const secondsKept = 120;
const noticesMax = 3;
const noticeMillis = 6000;

let live: Live = {
  connection: 'connecting',
  rates: {},
  recentRates: {},
  packetCount: 0,
  notices: [],
  refusalCount: 0,
  paused: false,
};
const listeners = new Set<(live: Live) => void>();

function update(change: Partial<Live>): void {
  live = {...live, ...change};
  for (const listener of listeners) listener(live);
}

export function setPaused(paused: boolean): void {
  update({paused});
}
export const currentLive = (): Live => live;

function takeCounters(counters: Counters): void {
  const before = live.counters;
  const rates: Record<string, Rates> = {};
  const recentRates = {...live.recentRates};
  const seconds = before ? (counters.at_ms - before.at_ms) / 1e3 : 0;
  for (const [signal, now] of Object.entries(counters.signals)) {
    const then = before?.signals[signal];
    const of = (key: keyof Rates): number =>
      then && seconds > 0 ? Math.max(0, now[key] - then[key]) / seconds : 0;
    rates[signal] = {accepted: of('accepted'), refused: of('refused'), delivered: of('delivered')};
    if (before)
      recentRates[signal] = [...(recentRates[signal] ?? []), rates[signal].accepted].slice(-secondsKept);
  }
  update({counters, rates, recentRates});
}

function takePacket(packet: Packet): void {
  const id = live.packetCount + 1;
  const same = (one: Notice): boolean =>
    one.packet.service === packet.service && one.packet.peer === packet.peer;
  const isNew =
    !live.notices.some(same) && !greeted.has(`${packet.service} ${packet.sdk_name} ${packet.protocol}`);
  greeted.add(`${packet.service} ${packet.sdk_name} ${packet.protocol}`);
  if (greeted.size > 1000) greeted.clear();
  if (!isNew) return update({packetCount: id});
  update({packetCount: id, notices: [...live.notices, {id, packet}].slice(-noticesMax)});
  setTimeout(() => update({notices: live.notices.filter((one) => one.id !== id)}), noticeMillis);
}
// Senders for which a notice was shown already.
const greeted = new Set<string>();

function take(event: string, data: string): void {
  let parsed;
  try {
    parsed = JSON.parse(data);
  } catch {
    return; // a stream that was cut in the middle
  }
  if (event === 'counters') takeCounters(parsed);
  else if (event === 'packet') takePacket(parsed);
  else if (event === 'refusal') update({refusalCount: live.refusalCount + 1, lastRefusal: parsed});
}

/** Reads the stream for as long as the page lives, and opens it again when it is lost. */
export async function follow(): Promise<void> {
  let pause = 500;
  for (;;) {
    const abort = new AbortController();
    try {
      await readEvents('events', abort.signal, (event, data) => {
        pause = 500;
        if (live.connection !== 'open') update({connection: 'open'});
        take(event, data);
      });
    } catch {
      // Opened again below.
    }
    update({connection: 'lost', counters: undefined});
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, 10_000);
  }
}

export function useLive(): Live {
  const [state, setState] = useState(live);
  useEffect(() => {
    setState(live);
    listeners.add(setState);
    return () => void listeners.delete(setState);
  }, []);
  return state;
}

/** A number that changes when there is new telemetry, at most once in `everyMillis`; it stands still while paused. */
export function useArrivals(everyMillis = 1000): number {
  const [shown, setShown] = useState(() => live.counters?.recent.newest ?? 0);
  useEffect(() => {
    let last = 0;
    const look = (state: Live): void => {
      const newest = state.counters?.recent.newest;
      if (state.paused || newest === undefined || Date.now() - last < everyMillis) return;
      last = Date.now();
      setShown(newest);
    };
    listeners.add(look);
    return () => void listeners.delete(look);
  }, [everyMillis]);
  return shown;
}

/** Changes once in `everyMillis` while the page is visible and not paused. */
export function useTick(everyMillis: number): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!live.paused && !document.hidden) setTick((n) => n + 1);
    }, everyMillis);
    return () => clearInterval(timer);
  }, [everyMillis]);
  return tick;
}
