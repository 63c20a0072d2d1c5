// A page that stays open: for a day of events, and over an update of its collector.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {closeBrowser, overflow, shows, withPage} from './browser.mjs';
import {startMock} from './mock.mjs';
import {findTraces, viewsOf} from './views.mjs';

const heapGrowthMost = 4 << 20;
let mock;
before(async () => {
  mock = await startMock();
});
after(async () => {
  mock.stop();
  await closeBrowser();
});

test('a page that is open for a day holds no more than after a tenth of it', async () => {
  await mock.state('full');
  await withPage(mock.address, {}, async (page) => {
    const session = await page.context().newCDPSession(page);
    const measure = async () => {
      await session.send('HeapProfiler.collectGarbage');
      const {usedSize} = await session.send('Runtime.getHeapUsage');
      return {bytes: usedSize, elements: await page.evaluate(() => document.querySelectorAll('*').length)};
    };
    const until = (text) =>
      page.waitForFunction((wanted) => document.body.innerText.includes(wanted), text, {timeout: 120_000});
    await mock.state('day');
    await page.reload();
    await until('a tenth of a day');
    const before = await measure();
    await mock.state('day-goes-on');
    await until('the end of the day');
    const now = await measure();
    const grown = now.bytes - before.bytes;
    console.log(`a day grew the heap by ${Math.round(grown / 1024)} KiB of ${Math.round(now.bytes / 1024)}`);
    assert.ok(grown < heapGrowthMost, `the heap grew by ${grown} bytes`);
    assert.ok(now.elements < before.elements + 100, `${before.elements} elements became ${now.elements}`);
  });
});

test('a page that is older than its collector shows every view, and no value that it does not know breaks one', async () => {
  await mock.state('full');
  const views = viewsOf(await findTraces(mock));
  await withPage(mock.address, {}, async (page) => {
    await mock.state('newer');
    await page.reload();
    for (const [path, text] of Object.values(views)) {
      await page.goto(`${mock.address}#/${path}`);
      await shows(page, text);
      if (path.startsWith('traces/')) await page.keyboard.press('j');
      await page.waitForTimeout(100);
      assert.ok(!(await page.evaluate(() => document.body.innerText)).includes('This view failed'), path);
      assert.ok((await overflow(page)) <= 0, path);
    }
  });
});
