// Starts the collector for a test, with a console.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** A port that is free now. */
export const freePort = () =>
  new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address();
      probe.close(() => done(port));
    });
  });

/**
 * `configure` gives the YAML for {grpc, http, page, metrics, folder}: ports, and a folder of the test's own. Returns
 * {console, receiver, grpc, folder, process, output(), stop()}.
 */
export async function startCollector(configure, more = {}) {
  const ports = {};
  for (const name of ['grpc', 'http', 'page', 'metrics']) ports[name] = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'console_'));
  writeFileSync(join(folder, 'config.yaml'), configure({...ports, folder}));
  const collector = spawn(process.env.MILLRACE, ['--config', join(folder, 'config.yaml')]);
  let output = '';
  for (const stream of [collector.stdout, collector.stderr])
    stream.on('data', (text) => {
      output = (output + text).slice(-100_000);
    });
  const address = `http://localhost:${ports.page}/`;
  for (let i = 0; ; i++) {
    const isUp = await fetch(`${address}api/v1/status`, {headers: more.headers}).then(
      (reply) => reply.ok,
      () => false,
    );
    if (isUp) break;
    assert.ok(i < 400 && collector.exitCode === null, `the collector does not start: ${output}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    console: address,
    receiver: `http://localhost:${ports.http}`,
    grpc: `localhost:${ports.grpc}`,
    folder,
    process: collector,
    output: () => output,
    stop: async () => {
      collector.kill();
      await new Promise((done) => (collector.exitCode === null ? collector.once('exit', done) : done()));
      rmSync(folder, {recursive: true});
    },
  };
}

/** The resident memory of a process, and its peak, in bytes. */
export function memoryOf(pid, readFileSync) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  return {now: of('VmRSS'), peak: of('VmHWM')};
}
