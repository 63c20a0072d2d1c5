// How values are written on the page. Everything here returns text, never markup.

const unitsOfTime: [number, string, number][] = [
  [1e-3, 'ns', 1e-6],
  [1, 'µs', 1e-3],
  [1e3, 'ms', 1],
  [60e3, 's', 1e3],
];

/** 0.0123 → "12.3 µs": three significant digits, up to days. */
export function duration(millis: number): string {
  if (!Number.isFinite(millis)) return '–';
  if (millis < 0) return `−${duration(-millis)}`;
  if (millis === 0) return '0 ms';
  for (const [below, unit, factor] of unitsOfTime) {
    if (millis < below) return `${digits(millis / factor)} ${unit}`;
  }
  const seconds = Math.round(millis / 1e3);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1).replace(/\.0$/, '');
  return value.toFixed(2).replace(/\.?0+$/, '');
}

/** 12345 → "12,345"; from a million on with a suffix. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1e12) return `${digits(value / 1e12)} T`;
  if (Math.abs(value) >= 1e9) return `${digits(value / 1e9)} G`;
  if (Math.abs(value) >= 1e6) return `${digits(value / 1e6)} M`;
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Every digit, for sums that must be comparable. */
export function exact(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',') : '–';
}

export function bytes(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : digits(value)} ${units[unit]}`;
}

/** A rate for each second: "1,250/s", "0.4/s". */
export function rate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '–';
  if (perSecond === 0) return '0/s';
  return `${perSecond < 100 ? digits(perSecond) : count(perSecond)}/s`;
}

export function decimal(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || Number.isInteger(value)) return count(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return Number(value.toPrecision(4)).toString();
}

/** Two quantiles, written alike: "1.2 / 8.4 ms" where both have one unit. */
export function quantiles(of: {p50: number; p99: number} | null, format: (value: number) => string): string {
  if (of === null) return '–';
  const [low, high] = [format(of.p50), format(of.p99)];
  const unit = / \S+$/.exec(high)?.[0] ?? '';
  return `${unit !== '' && low.endsWith(unit) ? low.slice(0, -unit.length) : low} / ${high}`;
}

export function percent(part: number): string {
  return Number.isFinite(part) ? `${digits(part * 100)} %` : '–';
}

/** The time of day with milliseconds, in the reader's time zone. */
export function timeOfDay(unixMillis: number): string {
  if (!Number.isFinite(unixMillis) || Math.abs(unixMillis) > 8.64e15) return '–';
  const at = new Date(unixMillis);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

export function dateAndTime(unixMillis: number): string {
  if (!Number.isFinite(unixMillis) || Math.abs(unixMillis) > 8.64e15) return '–';
  const at = new Date(unixMillis);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${timeOfDay(unixMillis)}`;
}

/** "3 s ago"; what lies in the future is "now". */
export function ago(unixMillis: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - unixMillis) / 1e3));
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

// Control characters, and those that change the direction of text or cannot be seen.
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** The text with its invisible characters made visible, cut to `limit` characters. */
export function visible(text: string, limit = 20_000): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}… (${exact(text.length)} characters)` : text;
  return cut.replace(
    hidden,
    (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}
