// A headless Chromium for the tests: pages that record everything that must not happen.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {chromium} from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

export const closeBrowser = () => browser.close();

/** Runs `body` with a page at `address`; fails if the page wrote an error, or asked another host for something. */
export async function withPage(address, options, body) {
  const {mode = 'light', path = '', expected = [], permissions = []} = options;
  const context = await browser.newContext({
    viewport: mode === 'narrow' ? {width: 390, height: 800} : {width: 1280, height: 800},
    colorScheme: mode === 'dark' ? 'dark' : 'light',
    permissions,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const wrong = [];
  const {host} = new URL(address);
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(`exception: ${error.message}`));
  page.on('dialog', (dialog) => {
    wrong.push('a dialog was opened');
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) wrong.push(`request to ${request.url()}`);
  });
  try {
    await page.goto(`${address}#/${path}`);
    await page.waitForSelector('main');
    await body(page);
  } finally {
    await context.close();
  }
  assert.deepEqual(
    wrong.filter((text) => !expected.some((part) => text.includes(part))),
    [],
  );
}

/** The violations that axe finds, one line each. */
export async function violations(page) {
  // Not as a script element: the page's policy forbids those, as it should.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const {violations: found} = await page.evaluate(() =>
    globalThis.axe.run(document, {resultTypes: ['violations']}),
  );
  return found.map(
    (one) =>
      `${one.id}: ${one.nodes
        .slice(0, 3)
        .map((node) => node.target.join(' '))
        .join('; ')} ${one.nodes[0].failureSummary}`,
  );
}

export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** The text of the page contains all of these within the time. */
export async function shows(page, ...texts) {
  for (const text of texts) {
    await page
      .waitForFunction((wanted) => document.body.innerText.includes(wanted), text, {timeout: 8000})
      .catch(() => assert.fail(`the page does not show "${text}"`));
  }
}
