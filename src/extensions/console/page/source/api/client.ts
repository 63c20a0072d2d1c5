// Requests to /api/v1. A token, where one is configured, is asked for once and kept for this tab only.
import type {Trace} from './schema.ts';

const base = '/api/v1';
const tokenKey = 'token';
let token = sessionStorage.getItem(tokenKey) ?? '';
let onUnauthorized = (): void => {};

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function setToken(value: string): void {
  token = value;
  sessionStorage.setItem(tokenKey, value);
}
export function whenUnauthorized(then: () => void): void {
  onUnauthorized = then;
}

export type Parameters = Record<string, string | number | boolean | readonly string[] | undefined | null>;

export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'object') for (const one of value) query.append(key, one);
    else query.append(key, String(value));
  }
  const text = query.toString();
  return `${base}/${path}${text === '' ? '' : `?${text}`}`;
}

async function request(url: string, init: RequestInit = {}): Promise<Response> {
  const headers: Record<string, string> = token === '' ? {} : {Authorization: `Bearer ${token}`};
  const response = await fetch(url, {...init, headers, cache: 'no-store', credentials: 'omit'});
  if (response.ok) return response;
  if (response.status === 401) onUnauthorized();
  let message = `the server answered ${response.status}`;
  try {
    message = (await response.json()).error.message;
  } catch {
    // Not the API's own answer; the status says enough.
  }
  throw new ApiError(response.status, message);
}

export async function get<T>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<T> {
  return (await request(address(path, parameters), {signal})).json();
}

export async function post<T>(path: string): Promise<T> {
  return (await request(address(path), {method: 'POST'})).json();
}

/** A trace with all of its pages. */
export async function getTrace(id: string, signal?: AbortSignal): Promise<Trace> {
  const path = `traces/${encodeURIComponent(id)}`;
  const whole = await get<Trace>(path, {limit: 10_000}, signal);
  let next = whole.next_offset;
  while (next !== null && next !== undefined) {
    const page: Trace = await get<Trace>(path, {limit: 10_000, offset: next}, signal);
    if (page.spans.length === 0) break;
    // Each page numbers its own resources.
    const before = whole.resources.length;
    whole.resources.push(...page.resources);
    for (const span of page.spans) {
      span.resource += before;
      whole.spans.push(span);
    }
    next = page.next_offset;
  }
  return whole;
}

/** Reads server-sent events until the stream ends or `signal` aborts; throws when it cannot be opened. */
export async function readEvents(
  path: string,
  signal: AbortSignal,
  take: (event: string, data: string) => void,
  parameters: Parameters = {},
): Promise<void> {
  const response = await request(address(path, parameters), {signal});
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    pending += value;
    const blocks = pending.split(/\r?\n\r?\n/);
    pending = blocks.pop()!;
    for (const block of blocks) {
      let event = 'message';
      const data: string[] = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith('event:')) event = line.slice(6).trim();
        else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
      }
      if (data.length > 0) take(event, data.join('\n'));
    }
  }
}
