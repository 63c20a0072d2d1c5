// Starts the mock server of the page: states that a collector is hard to bring into.
import {spawn} from 'node:child_process';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {freePort} from './collector.mjs';

const mockScript = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../src/extensions/console/page/test/mock.mjs',
);

/** {address, port, state(name), stop()}; `more` are options of the server. */
export async function startMock({port, more = []} = {}) {
  port ??= await freePort();
  const process_ = spawn(process.execPath, [mockScript, '--port', String(port), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((done) => process_.stdout.once('data', done));
  const address = `http://localhost:${port}/`;
  return {
    address,
    port,
    state: (name) => fetch(`${address}state/${name}`),
    stop: () => process_.kill(),
  };
}
