// Spans of language-model calls (the gen_ai.* conventions), as a reader wants them.
import type {Attribute} from '../api/schema.ts';
import type {Span} from './trace.ts';

export interface Message {
  role: string;
  text: string;
}
export interface ModelCall {
  operation: string;
  provider: string;
  model: string;
  inputTokens?: number;
  outputTokens?: number;
  cost?: string;
  finish: string;
  messages: Message[];
}

const attribute = (attributes: Attribute[], key: string): string | undefined =>
  attributes.find((pair) => pair.key === key)?.value;

const partText = (part: unknown): string => {
  if (typeof part === 'string') return part;
  if (typeof part !== 'object' || part === null) return String(part ?? '');
  const one = part as Record<string, unknown>;
  if (typeof one.content === 'string') return one.content;
  if (typeof one.text === 'string') return one.text;
  return JSON.stringify(part, null, 1);
};

/** Reads one of the JSON texts that hold messages; text that is not JSON is one message. */
export function messagesOf(json: string, role: string): Message[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return json === '' ? [] : [{role, text: json}];
  }
  const list = Array.isArray(parsed) ? parsed : [parsed];
  return list.map((one) => {
    if (typeof one !== 'object' || one === null) return {role, text: String(one)};
    const message = one as Record<string, unknown>;
    const content = message.parts ?? message.content ?? message.text ?? one;
    const text = Array.isArray(content) ? content.map(partText).join('\n') : partText(content);
    return {role: typeof message.role === 'string' ? message.role : role, text};
  });
}

const number = (attributes: Attribute[], ...keys: string[]): number | undefined => {
  for (const key of keys) {
    const text = attribute(attributes, key);
    if (text !== undefined && Number.isFinite(Number(text))) return Number(text);
  }
  return undefined;
};

const first = (attributes: Attribute[], ...keys: string[]): string => {
  for (const key of keys) {
    const text = attribute(attributes, key);
    if (text) return text;
  }
  return '';
};

const sources: [string, string][] = [
  ['gen_ai.system_instructions', 'system'],
  ['gen_ai.prompt', 'user'],
  ['gen_ai.input.messages', 'user'],
  ['gen_ai.completion', 'assistant'],
  ['gen_ai.output.messages', 'assistant'],
];
const roleOfEvent: Record<string, string> = {
  'gen_ai.system.message': 'system',
  'gen_ai.user.message': 'user',
  'gen_ai.assistant.message': 'assistant',
  'gen_ai.tool.message': 'tool',
  'gen_ai.choice': 'assistant',
  'gen_ai.content.prompt': 'user',
  'gen_ai.content.completion': 'assistant',
};

/** The call that a span describes, or undefined for any other span. */
export function modelCall(span: Span): ModelCall | undefined {
  const {attributes} = span;
  if (!attributes.some((pair) => pair.key.startsWith('gen_ai.'))) return undefined;
  const messages: Message[] = [];
  const collect = (pairs: Attribute[]): void => {
    for (const [key, role] of sources) {
      const text = attribute(pairs, key);
      if (text) messages.push(...messagesOf(text, role));
    }
  };
  collect(attributes);
  for (const event of span.events) {
    const role = roleOfEvent[event.name];
    const pairs = event.attributes;
    if (role === undefined && !event.name.startsWith('gen_ai.')) continue;
    const before = messages.length;
    collect(pairs);
    const content = pairs.find((pair) => pair.key === 'content' || pair.key === 'message');
    if (messages.length === before && content) messages.push(...messagesOf(content.value, role ?? 'event'));
  }
  return {
    operation: first(attributes, 'gen_ai.operation.name'),
    provider: first(attributes, 'gen_ai.provider.name', 'gen_ai.system'),
    model: first(attributes, 'gen_ai.response.model', 'gen_ai.request.model'),
    inputTokens: number(attributes, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'),
    outputTokens: number(attributes, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'),
    cost: first(attributes, 'gen_ai.usage.cost', 'gen_ai.cost') || undefined,
    finish: first(attributes, 'gen_ai.response.finish_reasons').replaceAll(/[[\]"]/g, ''),
    messages,
  };
}

export interface ModelTotals {
  models: string[];
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cost: number; // 0: no call names one
}

/** What all calls of a trace used together; undefined where there is none. A parent that repeats the sums of its calls counts once. */
export function modelTotals(spans: readonly Span[]): ModelTotals | undefined {
  const totals: ModelTotals = {models: [], calls: 0, inputTokens: 0, outputTokens: 0, cost: 0};
  const isCall = spans.map((span) => span.attributes.some((pair) => pair.key.startsWith('gen_ai.usage.')));
  for (const span of spans) {
    if (!isCall[span.index]) continue;
    const inner = isCall.indexOf(true, span.index + 1);
    if (inner >= 0 && inner < span.index + span.size) continue;
    const call = modelCall(span)!;
    totals.calls++;
    totals.inputTokens += call.inputTokens ?? 0;
    totals.outputTokens += call.outputTokens ?? 0;
    totals.cost += Number(call.cost) || 0;
    if (call.model !== '' && !totals.models.includes(call.model)) totals.models.push(call.model);
  }
  return totals.calls > 0 ? totals : undefined;
}
