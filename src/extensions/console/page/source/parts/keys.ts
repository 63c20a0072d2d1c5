// Keyboard: single keys without modifiers, ignored while a reader types. The newest binding of a key wins, so that a
// view is stronger than the shell around it.
import {useLayoutEffect, useRef} from 'preact/hooks';

export interface Binding {
  keys: string[]; // as KeyboardEvent.key, or two in a row: 'g t'
  label: string; // for the page of keys
  run: (event: KeyboardEvent) => void;
}
interface Group {
  title: string;
  bindings: () => Binding[];
}

const groups: Group[] = [];
let prefix = '';
let prefixAt = 0;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target))
    return;
  // Enter and the space bar belong to the control that has the focus.
  if (
    (event.key === 'Enter' || event.key === ' ') &&
    event.target instanceof Element &&
    event.target.closest('button, a, summary')
  )
    return;
  if (document.querySelector('dialog[open]') && event.key !== 'Escape') return;
  const pair = Date.now() - prefixAt < 1200 ? `${prefix} ${event.key}` : '';
  for (const wanted of [pair, event.key]) {
    if (wanted === '') continue;
    for (const group of [...groups].reverse()) {
      const found = group.bindings().find((binding) => binding.keys.includes(wanted));
      if (found) {
        prefixAt = 0;
        event.preventDefault();
        found.run(event);
        return;
      }
    }
  }
  prefix = event.key;
  prefixAt = Date.now();
}

export function installKeys(): void {
  addEventListener('keydown', onKey);
}

export function useKeys(title: string, bindings: Binding[]): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  useLayoutEffect(() => {
    const group = {title, bindings: () => latest.current};
    groups.push(group);
    return () => void groups.splice(groups.indexOf(group), 1);
  }, [title]);
}

export const activeKeys = (): {title: string; bindings: Binding[]}[] =>
  groups.map((group) => ({title: group.title, bindings: group.bindings()}));
