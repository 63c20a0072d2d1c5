// The language of the filter boxes:
//   word "two words"      text that an item contains
//   key=value key!=value  compared as text, without case; key:value is the same as =
//   key>10 key<=250ms     compared as numbers; durations may have a unit
//   key~part              contains
//   -term                 not
// Terms are joined by "and".

export type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~';
export interface Term {
  negated: boolean;
  key: string; // empty: free text
  operator: Operator;
  value: string;
}

/** What a filter looks at. */
export interface Item {
  get(key: string): string | number | boolean | undefined;
  text(): string;
}

interface Token {
  text: string;
  from: number;
  to: number;
}

/** The words of a query; quotes keep spaces, an open quote ends with the query. */
export function tokens(query: string): Token[] {
  const found: Token[] = [];
  for (const match of query.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    found.push({text: match[0], from: match.index, to: match.index + match[0].length});
  }
  return found;
}

const unquote = (text: string): string => text.replaceAll('"', '');

export function parseFilter(query: string): Term[] {
  const terms: Term[] = [];
  for (const {text} of tokens(query)) {
    const negated = text.length > 1 && text.startsWith('-');
    const body = negated ? text.slice(1) : text;
    const match = /^([^"=!<>~:]+)(!=|>=|<=|[=:><~])(.*)$/s.exec(body);
    if (!match) {
      terms.push({negated, key: '', operator: '~', value: unquote(body)});
    } else if (match[3] !== '') {
      const operator = match[2] === ':' ? '=' : (match[2] as Operator);
      terms.push({negated, key: match[1], operator, value: unquote(match[3])});
    }
  }
  return terms.filter((term) => term.value !== '' || term.key !== '');
}

const unitMillis: Record<string, number> = {ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3};

/** "250ms" → 250, "1.5s" → 1500, "10" → 10; anything else is NaN. */
export function quantity(text: string): number {
  const match = /^(-?\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|h)?$/.exec(text.trim());
  return match ? Number(match[1]) * (match[2] ? unitMillis[match[2]] : 1) : NaN;
}

function holds(term: Term, item: Item): boolean {
  const wanted = term.value.toLowerCase();
  if (term.key === '') return item.text().toLowerCase().includes(wanted);
  const value = item.get(term.key);
  if (value === undefined) return term.operator === '!=';
  const text = String(value).toLowerCase();
  switch (term.operator) {
    case '=':
      return text === wanted || (typeof value === 'number' && value === quantity(wanted));
    case '!=':
      return text !== wanted;
    case '~':
      return text.includes(wanted);
  }
  const left = typeof value === 'number' ? value : quantity(text);
  const right = quantity(wanted);
  if (Number.isNaN(left) || Number.isNaN(right)) return false;
  switch (term.operator) {
    case '>':
      return left > right;
    case '<':
      return left < right;
    case '>=':
      return left >= right;
    default:
      return left <= right;
  }
}

export function matches(terms: Term[], item: Item): boolean {
  return terms.every((term) => holds(term, item) !== term.negated);
}

/** The keys that can be filtered by, and for each the values seen, most frequent first. */
export type Vocabulary = ReadonlyMap<string, readonly string[]>;
export interface Suggestion {
  label: string;
  query: string; // the whole query with the suggestion in place
  caret: number;
}

const quoted = (value: string): string => (/[\s"]/.test(value) ? `"${unquote(value)}"` : value);

/** What may stand at the caret: keys while a word begins, values behind a key and an operator. */
export function suggest(query: string, caret: number, vocabulary: Vocabulary, limit = 12): Suggestion[] {
  const token = tokens(query).find((one) => one.from <= caret && caret <= one.to) ?? {
    text: '',
    from: caret,
    to: caret,
  };
  const typed = query.slice(token.from, caret);
  const match = /^(-?)([^"=!<>~:]+)(!=|>=|<=|[=:><~])(.*)$/s.exec(typed);
  const place = (label: string, text: string): Suggestion => ({
    label,
    query: query.slice(0, token.from) + text + query.slice(token.to),
    caret: token.from + text.length,
  });
  if (match) {
    const [, minus, key, operator, begun] = match;
    const start = unquote(begun).toLowerCase();
    return ranked(vocabulary.get(key) ?? [], start, limit).map((value) =>
      place(value, `${minus}${key}${operator}${quoted(value)} `),
    );
  }
  const minus = typed.startsWith('-') ? '-' : '';
  return ranked([...vocabulary.keys()], typed.slice(minus.length).toLowerCase(), limit).map((key) =>
    place(key, `${minus}${key}${vocabulary.get(key)?.length === 0 ? '>' : '='}`),
  );
}

// What begins with the text before what contains it, in the given order.
function ranked(words: readonly string[], start: string, limit: number): string[] {
  const first: string[] = [];
  const second: string[] = [];
  for (const word of words) {
    const at = word.toLowerCase().indexOf(start);
    if (at === 0) first.push(word);
    else if (at > 0) second.push(word);
    if (first.length >= limit) break;
  }
  return [...first, ...second].slice(0, limit);
}
