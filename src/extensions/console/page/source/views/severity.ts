import type {LogRecord} from '../api/schema.ts';
import {visible} from '../model/text.ts';

const names = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export function severityName(log: LogRecord): string {
  if (log.severity_text !== '') return visible(log.severity_text, 12).toLowerCase();
  const level = Math.floor((log.severity_number - 1) / 4);
  return names[level] ?? 'log';
}

export function severityClass(severity: number): string {
  return severity >= 17 ? 'bad' : severity >= 13 ? 'warn' : severity >= 9 ? 'info' : '';
}
