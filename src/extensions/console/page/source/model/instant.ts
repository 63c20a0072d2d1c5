/** A point of time in whole seconds and nanoseconds: exact, where a double of nanoseconds is not. */
export interface Instant {
  seconds: number;
  nanos: number;
}

/** Reads decimal nanoseconds since 1970; what is 0 or not a number is undefined. */
export function instant(unixNano: string): Instant | undefined {
  if (!/^\d{1,20}$/.test(unixNano)) return undefined;
  const seconds = unixNano.length > 9 ? Number(unixNano.slice(0, -9)) : 0;
  const nanos = Number(unixNano.slice(-9));
  return seconds === 0 && nanos === 0 ? undefined : {seconds, nanos};
}

/** Milliseconds from `origin` to `at`. */
export function millisSince(origin: Instant, at: Instant): number {
  return (at.seconds - origin.seconds) * 1e3 + (at.nanos - origin.nanos) / 1e6;
}

export const unixMillis = (at: Instant): number => at.seconds * 1e3 + at.nanos / 1e6;

/** Milliseconds since 1970; NaN where the text is 0 or no time. */
export function millisOf(unixNano: string): number {
  const at = instant(unixNano);
  return at ? unixMillis(at) : NaN;
}
