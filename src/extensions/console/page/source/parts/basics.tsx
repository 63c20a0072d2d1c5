// The small pieces that every view uses.
import type {ComponentChildren, JSX} from 'preact';
import {useEffect, useId, useLayoutEffect, useRef, useState} from 'preact/hooks';
import {visible} from '../model/text.ts';

/** Text from outside: invisible characters are shown, and its direction cannot reach its surroundings. */
export function Text({of, limit}: {of: string; limit?: number}): JSX.Element {
  return <bdi>{visible(of, limit)}</bdi>;
}

export function Empty({title, children}: {title: string; children?: ComponentChildren}): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

/** Instead of a list without rows: nothing has come, or nothing matches the filter. */
export function NoRows(props: {
  none: string;
  unmatched: string;
  filter: string;
  clear: () => void;
  children?: ComponentChildren;
}): JSX.Element {
  const {none, unmatched, filter, clear, children} = props;
  return (
    <div class="page">
      <Empty title={filter === '' ? none : unmatched}>
        {filter === '' ? (
          children
        ) : (
          <button type="button" class="button" onClick={clear}>
            Clear the filter
          </button>
        )}
      </Empty>
    </div>
  );
}

export function Failure({message}: {message: string}): JSX.Element {
  return (
    <p class="failure" role="alert">
      <Text of={message} />
    </p>
  );
}

export function Section({
  title,
  aside,
  children,
  id,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  id?: string;
}): JSX.Element {
  const heading = useId();
  return (
    <section class="section" aria-labelledby={heading} id={id}>
      <header class="section-head">
        <h2 id={heading}>{title}</h2>
        {aside && <div class="section-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context there is no clipboard interface; the old way still works.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function Copy({
  text,
  label,
  title,
}: {
  text: string | (() => string | Promise<string>);
  label: string;
  title?: string;
}): JSX.Element {
  const [state, setState] = useState<'' | 'copied' | 'failed'>('');
  const copy = async (): Promise<void> => {
    let done = false;
    try {
      done = await copyText(typeof text === 'string' ? text : await text());
    } catch {
      // Shown on the button.
    }
    setState(done ? 'copied' : 'failed');
    setTimeout(() => setState(''), 1500);
  };
  return (
    <button type="button" class="button" title={title} onClick={copy} aria-live="polite">
      {state === '' ? label : state === 'copied' ? 'Copied' : 'Could not copy'}
    </button>
  );
}

export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([key, text]) => (
        <button type="button" key={key} aria-pressed={key === value} onClick={() => onChange(key)}>
          {text}
        </button>
      ))}
    </div>
  );
}

/** Rows of one height; only those in sight are in the document. The element scrolls by itself. */
export function VirtualRows({
  count,
  height,
  row,
  keyOf,
  class: name,
  role,
  label,
  scrollTo,
  active,
}: {
  count: number;
  height: number;
  row: (index: number) => JSX.Element;
  keyOf: (index: number) => string; // rows that are put in front must not move those that a reader looks at
  class?: string;
  role?: string;
  label: string;
  scrollTo?: number;
  active?: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({from: 0, to: 60});
  const top = useRef<{key: string; index: number} | undefined>(undefined); // the first row in sight
  const look = (): void => {
    const element = box.current;
    if (!element) return;
    const from = Math.max(0, Math.floor(element.scrollTop / height) - 8);
    const to = Math.ceil((element.scrollTop + element.clientHeight) / height) + 8;
    const first = Math.floor(element.scrollTop / height);
    top.current = first < count ? {key: keyOf(first), index: first} : undefined;
    setRange((last) => (last.from === from && last.to === to ? last : {from, to}));
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [height]);
  useLayoutEffect(() => {
    const element = box.current!;
    const before = top.current;
    if (before && element.scrollTop > 0 && (before.index >= count || keyOf(before.index) !== before.key)) {
      for (let i = 0; i < count; i++) {
        if (keyOf(i) !== before.key) continue;
        element.scrollTop += (i - before.index) * height;
        break;
      }
    }
    look();
  });
  const wanted = scrollTo !== undefined && scrollTo >= 0 && scrollTo < count ? keyOf(scrollTo) : '';
  useEffect(() => {
    const element = box.current;
    if (!element || wanted === '') return;
    const start = scrollTo! * height;
    if (start < element.scrollTop) element.scrollTop = start;
    else if (start + height > element.scrollTop + element.clientHeight)
      element.scrollTop = start + height - element.clientHeight;
  }, [wanted, height]);
  const rows: JSX.Element[] = [];
  for (let i = range.from; i < Math.min(range.to, count); i++) rows.push(row(i));
  return (
    <div
      ref={box}
      class={`virtual ${name ?? ''}`}
      onScroll={look}
      role={role as 'tree'}
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={active}
    >
      <div class="virtual-space" role="presentation" style={{height: `${count * height}px`}}>
        <div
          class="virtual-rows"
          role="presentation"
          style={{transform: `translateY(${Math.min(range.from, count) * height}px)`}}
        >
          {rows}
        </div>
      </div>
    </div>
  );
}

/** A line over the last values, drawn to fill its box. */
export function Sparkline({values, label}: {values: readonly number[]; label: string}): JSX.Element {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length < 2)
    return <svg class="sparkline" role="img" aria-label={`${label}: not enough values`} />;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const y = (value: number): string =>
    (high === low ? 10 : 18 - ((value - low) / (high - low)) * 16).toFixed(1);
  const x = (i: number): string => ((i / (known.length - 1)) * 100).toFixed(1);
  const line = known.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i)} ${y(value)}`).join('');
  return (
    <svg class="sparkline" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="sparkline-area" d={`${line}L100 20L0 20Z`} />
      <path class="sparkline-line" d={line} />
    </svg>
  );
}

export function Bar({part, label, tone}: {part: number; label: string; tone?: string}): JSX.Element {
  const bounded = Math.min(1, Math.max(0, Number.isFinite(part) ? part : 0));
  return (
    <span
      class={`bar ${tone ?? (bounded > 0.9 ? 'bad' : bounded > 0.7 ? 'warn' : '')}`}
      role="img"
      aria-label={label}
    >
      <span class="bar-fill" style={{width: `${bounded * 100}%`}} />
    </span>
  );
}

/** Attributes as a list of terms, with a box to search in them when there are many. */
export function AttributeTable({
  title,
  rows,
  search = '',
  onFilter,
}: {
  title: string;
  rows: readonly {key: string; value: string; type?: string; is_cut?: boolean}[];
  search?: string;
  onFilter?: (key: string, value: string) => void;
}): JSX.Element | null {
  const wanted = search.toLowerCase();
  const shown = rows.filter(({key, value}) => `${key}\n${value}`.toLowerCase().includes(wanted));
  if (shown.length === 0) return null;
  return (
    <div class="attributes">
      <h3>
        {title}
        <span class="muted">
          {' '}
          {shown.length === rows.length ? rows.length : `${shown.length} of ${rows.length}`}
        </span>
      </h3>
      <dl>
        {shown.map(({key, value, type, is_cut}, i) => (
          <div class="attribute" key={`${key} ${i}`}>
            <dt>
              <Text of={key} />
            </dt>
            <dd class={`value-${type ?? 'string'}`}>
              <Text of={value} />
              {is_cut && <span class="muted"> (cut)</span>}
              {onFilter && (
                <button
                  type="button"
                  class="quiet"
                  title="Filter by this value"
                  aria-label={`Filter by ${key}`}
                  onClick={() => onFilter(key, value)}
                >
                  ＝
                </button>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** What may be wider than its place, and is scrolled there, also by the keyboard. */
export function Wide({
  label,
  class: name = '',
  children,
}: {
  label: string;
  class?: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`scroll-x ${name}`} tabIndex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}
