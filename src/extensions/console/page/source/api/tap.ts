// The stream of one tapped edge: its samples, for as long as the view is open.
import {useEffect, useState} from 'preact/hooks';
import {ApiError, readEvents} from './client.ts';
import {currentLive} from './live.ts';
import type {TapEdge, TapPassed, TapSample} from './schema.ts';

export interface Tap {
  edge?: TapEdge;
  passed?: TapPassed;
  samples: TapSample[]; // newest first
  error?: string;
  connection: 'connecting' | 'open' | 'lost';
}

const samplesMax = 40;

/** While the page is paused, samples are read and forgotten. */
export function useTap(edge: string, only: 'all' | 'changed'): Tap {
  const [tap, setTap] = useState<Tap>({samples: [], connection: 'connecting'});
  useEffect(() => {
    setTap({samples: [], connection: 'connecting'});
    const abort = new AbortController();
    const take = (event: string, data: string): void => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(data);
      } catch {
        return; // a stream that was cut in the middle
      }
      setTap((last) => {
        const open: Tap = {...last, connection: 'open', error: undefined};
        if (event === 'edge') return {...open, edge: parsed as TapEdge};
        if (event === 'passed') return {...open, passed: parsed as TapPassed};
        if (event !== 'sample' || currentLive().paused) return open;
        return {...open, samples: [parsed as TapSample, ...last.samples].slice(0, samplesMax)};
      });
    };
    const follow = async (): Promise<void> => {
      for (let pause = 500; !abort.signal.aborted; pause = Math.min(pause * 2, 10_000)) {
        try {
          await readEvents('tap', abort.signal, take, {edge, only, items: 10});
          setTap((last) => ({...last, connection: 'lost'}));
        } catch (failure) {
          if (abort.signal.aborted) return;
          const isFinal = failure instanceof ApiError && failure.status < 500;
          const error = failure instanceof ApiError ? failure.message : undefined;
          setTap((last) => ({...last, connection: 'lost', error}));
          if (isFinal) return;
        }
        await new Promise((done) => setTimeout(done, pause));
      }
    };
    void follow();
    return () => abort.abort();
  }, [edge, only]);
  return tap;
}
