// Runs the unit tests with node's own runner, which reads JavaScript only.
import {build} from 'esbuild';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'page_tests_'));
const names = readdirSync(here).filter((name) => name.endsWith('_test.ts'));
await build({
  entryPoints: names.map((name) => join(here, name)),
  outdir: folder,
  outExtension: {'.js': '.mjs'},
  bundle: true,
  format: 'esm',
  platform: 'node',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const files = readdirSync(folder).map((name) => join(folder, name));
const {status} = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], {
  stdio: 'inherit',
});
rmSync(folder, {recursive: true});
process.exit(status ?? 1);
