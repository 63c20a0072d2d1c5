// The mock server answers as openapi.json says, so that what works against it works against the collector.
import assert from 'node:assert/strict';
import {spawn, type ChildProcess} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {checker} from './schema_check.mjs';

const page = process.cwd();
const {components, paths} = JSON.parse(readFileSync(join(page, '../openapi.json'), 'utf8'));
const differences = checker(components.schemas);
const port = 18790 + (process.pid % 90);
const api = `http://localhost:${port}`;
let mock: ChildProcess;

type Schema = Record<string, any>;

before(async () => {
  mock = spawn(process.execPath, [join(page, 'test/mock.mjs'), '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((done) => mock.stdout!.once('data', done));
});
after(() => void mock.kill());

for (const state of ['empty', 'full', 'outage']) {
  for (const [path, {get}] of Object.entries<Schema>(paths)) {
    const schema = get?.responses[200]?.content['application/json']?.schema;
    if (!schema || path.endsWith('openapi.json')) continue;
    test(`${path} as described, ${state}`, async () => {
      await fetch(`${api}/state/${state}`);
      const {traces} = await (await fetch(`${api}/api/v1/traces?sort=errors&limit=500`)).json();
      const ids: string[] = path.includes('{trace_id}')
        ? traces.filter((_: unknown, i: number) => i < 20 || i > 100).map((one: Schema) => one.trace_id)
        : [''];
      for (const id of ids) {
        const reply = await fetch(
          `${api}${path.replace('{trace_id}', id)}${path.endsWith('/series') ? '?metric=http.server.request.duration' : ''}`,
        );
        if (reply.status !== 200) continue;
        assert.deepEqual(differences(await reply.json(), schema, path), []);
      }
    });
  }
}

test('the check of a schema finds what is wrong', () => {
  assert.deepEqual(
    differences(
      {trace_id: 5, more: 1},
      {
        type: 'object',
        properties: {trace_id: {type: 'string'}},
        required: ['trace_id', 'a'],
        additionalProperties: false,
      },
      'x',
    ),
    ['x.a is missing', 'x.trace_id: number, not string', 'x.more is not in the schema'],
  );
});
