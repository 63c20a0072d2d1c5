import {useEffect, useRef, useState} from 'preact/hooks';
import {get, type Parameters} from './client.ts';

export interface Loaded<T> {
  value?: T; // the last one that arrived, also while the next is loaded
  before?: T; // the one before it, of the same question
  error?: string;
}

interface Loader {
  question: string;
  running: boolean;
  wanted: boolean;
  abort: AbortController;
}

/** Loads `path` when it or `parameters` change, and again when `again` does; one request at a time. */
export function useResource<T>(
  path: string | undefined,
  parameters: Parameters = {},
  again: unknown = 0,
): Loaded<T> {
  const question = path === undefined ? '' : JSON.stringify([path, parameters]);
  const [loaded, setLoaded] = useState<Loaded<T> & {question: string}>({question: ''});
  const current = useRef<Loader | null>(null);

  useEffect(() => () => current.current?.abort.abort(), []);
  useEffect(() => {
    if (path === undefined) return;
    let loader = current.current;
    if (!loader || loader.question !== question) {
      loader?.abort.abort();
      loader = current.current = {question, running: false, wanted: false, abort: new AbortController()};
    }
    loader.wanted = true;
    if (!loader.running) void run(loader);
  }, [question, again]);

  async function run(loader: Loader): Promise<void> {
    loader.running = true;
    while (loader.wanted && current.current === loader) {
      loader.wanted = false;
      let value: T | undefined;
      let error: string | undefined;
      try {
        value = await get<T>(path!, parameters, loader.abort.signal);
      } catch (failure) {
        error = failure instanceof Error ? failure.message : String(failure);
      }
      if (current.current !== loader || loader.abort.signal.aborted) return;
      setLoaded((last) => {
        if (error !== undefined) return last.question === question ? {...last, error} : {question, error};
        return {question, value, before: last.question === question ? last.value : undefined};
      });
    }
    loader.running = false;
  }

  return loaded.question === question ? loaded : {};
}
