// What of a filter for log records the server can answer. The page matches all terms again.
import type {LogRecord} from '../api/schema.ts';
import type {Item, Term} from './filter.ts';
import {runWord, takeRun} from './runs.ts';

export interface LogQuestion {
  parameters: {
    service?: string;
    run?: string;
    severity?: number;
    text?: string;
    trace_id?: string;
    attribute?: string[];
  };
  terms: Term[];
}

export const severities: Record<string, number> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  warning: 13,
  error: 17,
  fatal: 21,
};
const known = new Set(['body', 'scope', 'span', 'event', 'pipeline', 'run']);

// A level by name is a range of four numbers.
function numbered(term: Term): Term[] {
  const level = severities[term.value.toLowerCase()];
  if (level === undefined) return [term];
  const at = (operator: Term['operator'], value: number): Term => ({
    negated: false,
    key: 'severity',
    operator,
    value: String(value),
  });
  switch (term.operator) {
    case '>=':
      return [at('>=', level)];
    case '>':
      return [at('>=', level + 4)];
    case '<':
      return [at('<', level)];
    case '<=':
      return [at('<', level + 4)];
    case '=':
      return [at('>=', level), at('<', level + 4)];
    default:
      return [term];
  }
}

export function logQuestion(query: Term[]): LogQuestion {
  const parameters: LogQuestion['parameters'] = {};
  const attributes: string[] = [];
  const {run, rest} = takeRun(query);
  if (run !== undefined) parameters.run = run;
  const terms = rest.flatMap((term) => (term.key === 'severity' && !term.negated ? numbered(term) : [term]));
  for (const {key, operator, value, negated} of terms) {
    if (negated) continue;
    if (key === 'severity' && operator === '>=' && /^\d+$/.test(value)) {
      parameters.severity = Math.max(parameters.severity ?? 0, Number(value));
    } else if (key === '' && parameters.text === undefined) {
      parameters.text = value;
    } else if (operator !== '=') {
      continue;
    } else if (key === 'service') {
      parameters.service ??= value;
    } else if (key === 'trace') {
      parameters.trace_id ??= value;
    } else if (key !== 'severity' && !known.has(key) && key !== '') {
      attributes.push(`${key}=${value}`);
    }
  }
  if (attributes.length > 0) parameters.attribute = attributes;
  return {parameters, terms};
}

export function logItem(log: LogRecord): Item {
  return {
    get: (key) => {
      switch (key) {
        case 'severity':
          return log.severity_number;
        case 'service':
          return log.service;
        case 'trace':
          return log.trace_id;
        case 'span':
          return log.span_id;
        case 'body':
          return log.body;
        case 'scope':
          return log.scope_name;
        case 'event':
          return log.event_name;
        case 'pipeline':
          return log.pipeline;
        case 'run':
          return runWord(log.run);
        default:
          return (
            log.attributes.find((one) => one.key === key) ??
            log.resource_attributes.find((one) => one.key === key)
          )?.value;
      }
    },
    text: () => log.body,
  };
}
