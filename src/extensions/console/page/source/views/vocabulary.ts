import {useMemo, useRef} from 'preact/hooks';
import {useResource} from '../api/resource.ts';
import type {Attributes, Signal} from '../api/schema.ts';
import type {Vocabulary} from '../model/filter.ts';

const valuesMax = 500;

/**
 * The keys and values seen lately in a signal, behind those that the view knows by itself. Values of the view's own
 * keys are kept: what a filter hides must still be offered for the next one.
 */
export function useVocabulary(signal: Signal, own: Record<string, readonly string[]>): Vocabulary {
  const {value} = useResource<Attributes>('attributes', {signal, limit: 300});
  const seen = useRef(new Map<string, Set<string>>());
  return useMemo(() => {
    const words = new Map<string, readonly string[]>();
    for (const [key, values] of Object.entries(own)) {
      const all = seen.current.get(key) ?? new Set<string>();
      seen.current.set(key, all);
      for (const one of values) if (all.size < valuesMax) all.add(one);
      words.set(key, [...all]);
    }
    for (const {key, values} of value?.keys ?? []) {
      if (!words.has(key))
        words.set(
          key,
          values.map((one) => one.value),
        );
    }
    return words;
  }, [value, own]);
}
