// Pictures of every view, light, dark and narrow, for a person to look at and for docs/console.md.
//   node screenshots.mjs ADDRESS FOLDER [--only NAME] [--modes light,dark,narrow]
import {chromium} from 'playwright-core';
import {mkdirSync} from 'node:fs';

const [address, folder, ...options] = process.argv.slice(2);
const option = (name) => (options.includes(name) ? options[options.indexOf(name) + 1] : undefined);
const modes = (option('--modes') ?? 'light,dark,narrow').split(',');
const only = option('--only');
mkdirSync(folder, {recursive: true});
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const traces = await (await fetch(`${address}api/v1/traces?sort=errors&limit=200`)).json();
const find = (text) => traces.traces.find((one) => one.root_operation.includes(text))?.trace_id;
const first = traces.traces[0]?.trace_id;
const failing =
  traces.traces.find((one) => one.error_count > 0 && one.root_operation.includes('checkout'))?.trace_id ??
  first;
const views = {
  overview: '',
  pipeline: 'pipeline',
  tap: 'pipeline/logs%402',
  ledger: 'ledger',
  traces: 'traces',
  trace: failing && `traces/${failing}`,
  flame: failing && `traces/${failing}?view=flame`,
  large: find('nightly') && `traces/${find('nightly')}`,
  hostile: find('<script>') && `traces/${find('<script>')}`,
  model: find('answer') && `traces/${find('answer')}`,
  compare: failing && `compare/${failing}/${traces.traces.at(-1).trace_id}`,
  logs: 'logs',
  metrics: 'metrics',
  histogram: 'metrics/http.server.request.duration',
  counter: 'metrics/http.server.requests',
  map: 'map',
};
for (const mode of modes) {
  const context = await browser.newContext({
    viewport: mode === 'narrow' ? {width: 390, height: 844} : {width: 1360, height: 850},
    colorScheme: mode === 'dark' ? 'dark' : 'light',
    deviceScaleFactor: 1,
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') console.log(`${message.text()}`);
  });
  page.on('pageerror', (error) => console.log(`error: ${error.message}`));
  await page.goto(address);
  for (const [name, path] of Object.entries(views)) {
    if (path === undefined || (only && !only.split(',').includes(name))) continue;
    await page.goto(`${address}#/${path}`);
    await page.waitForTimeout(name === 'overview' || name === 'pipeline' ? 2500 : 700);
    if (/^(trace|model|hostile)$/.test(name)) await page.keyboard.press('j');
    if (name === 'model') {
      await page.keyboard.press('j');
      await page.keyboard.press('j');
    }
    await page.waitForTimeout(150);
    await page.screenshot({path: `${folder}/${name}-${mode}.png`});
  }
  await context.close();
}
await browser.close();
