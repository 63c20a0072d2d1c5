// Writes source/api/schema.ts, the types of ../openapi.json. Only the type check needs them: the bundler drops types.
import {readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const {components} = JSON.parse(readFileSync(join(here, '../openapi.json'), 'utf8'));
const scalars = {string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null'};

function typeOf(schema, indent = '') {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, indent)).join(' | ');
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(' | ');
  if (schema.type === 'array') return `Array<${typeOf(schema.items, indent)}>`;
  if (schema.type !== 'object') return scalars[schema.type] ?? 'unknown';
  if (typeof schema.additionalProperties === 'object')
    return `Record<string, ${typeOf(schema.additionalProperties, indent)}>`;
  const required = new Set(schema.required);
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, member]) =>
      `${indent}  ${name}${required.has(name) ? '' : '?'}: ${typeOf(member, `${indent}  `)};\n`,
  );
  return `{\n${members.join('')}${indent}}`;
}

const types = Object.entries(components.schemas).map(
  ([name, schema]) => `export type ${name} = ${typeOf(schema)};\n`,
);
writeFileSync(join(here, 'source/api/schema.ts'), `// Made by generate_types.mjs.\n${types.join('\n')}`);
