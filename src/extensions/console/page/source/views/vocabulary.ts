import {useMemo} from 'preact/hooks';
import {useResource} from '../api/resource.ts';
import type {Attributes, Signal} from '../api/schema.ts';
import type {Vocabulary} from '../model/filter.ts';

/** The keys and values seen lately in a signal, behind those that the view knows by itself. */
export function useVocabulary(signal: Signal, own: Record<string, readonly string[]>): Vocabulary {
  const {value} = useResource<Attributes>('attributes', {signal, limit: 300});
  const known = JSON.stringify(own);
  return useMemo(() => {
    const words = new Map<string, readonly string[]>(Object.entries(own));
    for (const {key, values} of value?.keys ?? []) {
      if (!words.has(key)) words.set(key, values.map((one) => one.value));
    }
    return words;
  }, [value, known]);
}
