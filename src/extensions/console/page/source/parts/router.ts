// Addresses are fragments, '#/traces/abc?span=1', so that every address of the page is the same file for the server.
import {useEffect, useState} from 'preact/hooks';

export interface Route {
  path: string[];
  query: Record<string, string>;
}

export function parseRoute(hash: string): Route {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export function href(path: string[], query: Record<string, string | undefined> = {}): string {
  const kept = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(kept).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

export function go(path: string[], query: Record<string, string | undefined> = {}): void {
  location.hash = href(path, query);
}

/** Changes the address without a step of the history: for what a reader types or selects. */
export function replace(path: string[], query: Record<string, string | undefined>): void {
  history.replaceState(null, '', href(path, query));
  for (const listener of listeners) listener();
}

const listeners = new Set<() => void>();

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const look = (): void => setRoute(parseRoute(location.hash));
    listeners.add(look);
    addEventListener('hashchange', look);
    return () => {
      listeners.delete(look);
      removeEventListener('hashchange', look);
    };
  }, []);
  return route;
}
