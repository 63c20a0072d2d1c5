// Bundles the page into the folder given as the first argument (dist by default): the files of the page, and
// each of them compressed beside it. With --watch it bundles again after each change and compresses nothing.
import {context, build} from 'esbuild';
import {copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const watch = process.argv.includes('--watch');
const output = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? join(here, 'dist');
const gzipBytesMax = 150_000;

const options = {
  absWorkingDir: here,
  entryPoints: {app: 'source/main.tsx'},
  outdir: output,
  bundle: true,
  minify: !watch,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync(output, {recursive: true, force: true});
mkdirSync(output, {recursive: true});
for (const name of readdirSync(join(here, 'static'))) {
  copyFileSync(join(here, 'static', name), join(output, name));
}
if (watch) {
  await (await context(options)).watch();
} else {
  await build(options);
  let total = 0;
  for (const name of readdirSync(output)) {
    const compressed = gzipSync(readFileSync(join(output, name)), {level: 9});
    writeFileSync(join(output, `${name}.gz`), compressed);
    total += compressed.length;
    console.log(`${name}: ${statSync(join(output, name)).size} bytes, ${compressed.length} compressed`);
  }
  console.log(`the page: ${total} bytes compressed`);
  if (total > gzipBytesMax) {
    console.error(`error: more than the ${gzipBytesMax} bytes that the page may have`);
    process.exit(1);
  }
}
