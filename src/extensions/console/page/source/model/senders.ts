// Senders added up by their service.
import type {Sender} from '../api/schema.ts';

/** In the order in which they are shown. */
export const signals = ['traces', 'metrics', 'logs'] as const;

export interface ServiceItems {
  service: string;
  items: {traces: number; metrics: number; logs: number};
}

/** Items that were accepted since the start, most first. */
export function byService(senders: readonly Sender[]): ServiceItems[] {
  const found = new Map<string, ServiceItems>();
  for (const {service, signals: sent} of senders) {
    const one = found.get(service) ?? {service, items: {traces: 0, metrics: 0, logs: 0}};
    for (const signal of signals) one.items[signal] += sent[signal]?.items ?? 0;
    found.set(service, one);
  }
  const all = ({items}: ServiceItems): number => items.traces + items.metrics + items.logs;
  return [...found.values()].sort((a, b) => all(b) - all(a));
}
