// What of a filter the server can answer, and what is left to the page.
import type {TraceSummary} from '../api/schema.ts';
import {quantity, type Item, type Term} from './filter.ts';

export interface TraceQuestion {
  parameters: {
    service?: string;
    operation?: string;
    run?: string;
    min_duration_ms?: number;
    max_duration_ms?: number;
    error?: boolean;
    attribute?: string[];
  };
  rest: Term[]; // matched against the summaries that come back
  unsupported: string[]; // terms that neither can answer
}

const summaryKeys = new Set(['spans', 'errors', 'trace', 'service', 'operation', 'duration']);

export function traceQuestion(terms: Term[]): TraceQuestion {
  const parameters: TraceQuestion['parameters'] = {};
  const rest: Term[] = [];
  const unsupported: string[] = [];
  const attributes: string[] = [];
  for (const term of terms) {
    const {key, operator, value, negated} = term;
    const equal = operator === '=' && !negated;
    const isError =
      (key === '' && value === 'error') ||
      (key === 'error' && value === 'true') ||
      (key === 'status' && value === 'error');
    if (isError) {
      if (negated) rest.push({negated: false, key: 'errors', operator: '=', value: '0'});
      else parameters.error = true;
    } else if (key === 'service' && equal && parameters.service === undefined) {
      parameters.service = value;
    } else if ((key === 'operation' || key === 'name') && equal && parameters.operation === undefined) {
      parameters.operation = value;
    } else if (key === 'run' && equal && parameters.run === undefined) {
      parameters.run = value;
    } else if (key === 'duration' && !negated && /^[<>]/.test(operator) && !Number.isNaN(quantity(value))) {
      if (operator.startsWith('>'))
        parameters.min_duration_ms = Math.max(parameters.min_duration_ms ?? 0, quantity(value));
      else parameters.max_duration_ms = Math.min(parameters.max_duration_ms ?? Infinity, quantity(value));
    } else if (key === '' || summaryKeys.has(key)) {
      rest.push(term);
    } else if (equal) {
      attributes.push(`${key}=${value}`);
    } else {
      unsupported.push(`${negated ? '-' : ''}${key}${operator}${value}`);
    }
  }
  if (attributes.length > 0) parameters.attribute = attributes;
  return {parameters, rest, unsupported};
}

export function summaryItem(one: TraceSummary): Item {
  return {
    get: (key) => {
      switch (key) {
        case 'service':
          return one.services.includes(one.root_service) ? one.services.join(' ') : one.root_service;
        case 'operation':
          return one.root_operation;
        case 'duration':
          return one.duration_ns / 1e6;
        case 'spans':
          return one.span_count;
        case 'errors':
          return one.error_count;
        case 'trace':
          return one.trace_id;
        default:
          return undefined;
      }
    },
    text: () => `${one.root_service} ${one.root_operation} ${one.services.join(' ')} ${one.trace_id}`,
  };
}
