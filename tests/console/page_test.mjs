// The page against the mock server: every view, and states that are hard to make with a collector.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {closeBrowser, overflow, shows, violations, withPage} from './browser.mjs';
import {startMock} from './mock.mjs';
import {findTraces, viewsOf} from './views.mjs';

const gzipBytesMax = 150_000;
let mock;
let traces;
before(async () => {
  mock = await startMock();
  traces = await findTraces(mock);
});
after(async () => {
  mock.stop();
  await closeBrowser();
});
const named = (part) => traces.named(part);
const failing = () => traces.failing();

for (const mode of ['light', 'dark', 'narrow']) {
  test(`every view, ${mode}`, async (t) => {
    await mock.state('full');
    await withPage(mock.address, {mode}, async (page) => {
      for (const [name, [path, text]] of Object.entries(viewsOf(traces))) {
        await t.test(`${name}, ${mode}: drawn, accessible, nothing overflows`, async () => {
          await page.goto(`${mock.address}#/${path}`);
          await shows(page, text);
          if (/^(trace|model|hostile|logs)$/.test(name)) {
            for (const key of name === 'model' ? 'jjj' : 'j') await page.keyboard.press(key);
            await page.waitForSelector('.detail');
          }
          await page.waitForTimeout(50);
          assert.deepEqual(await violations(page), []);
          assert.ok((await overflow(page)) <= 0, `wider than the window by ${await overflow(page)}`);
        });
      }
    });
  });
}

for (const mode of ['light', 'dark', 'narrow']) {
  test(`nothing has arrived, ${mode}: the page is a diagnosis, and a test trace leads to its waterfall`, async () => {
    await mock.state('empty');
    await withPage(mock.address, {mode}, async (page) => {
      await shows(page, 'Waiting for the first telemetry', 'localhost:4317', 'opentelemetry-bootstrap');
      assert.deepEqual(await violations(page), []);
      assert.ok((await overflow(page)) <= 0);
      await page.getByRole('tab', {name: 'Node.js'}).click();
      await shows(page, 'auto-instrumentations-node');
      await page.getByRole('button', {name: 'Send a test trace'}).click();
      await page.waitForSelector('.wf-row');
    });
  });
}

test('an edge of the graph opens its tap: before, after, and the statement that did it', async () => {
  await mock.state('full');
  await withPage(mock.address, {path: 'pipeline'}, async (page) => {
    await page.getByRole('link', {name: 'Tap logs@2'}).click();
    await shows(page, 'delete_key(attributes, "http.user_agent")', 'token=0a1b2c', '3 changed');
    const row = page.locator('.tap-fields tr', {hasText: 'http.url'}).first();
    assert.match(await row.innerText(), /token=0a1b2c[^]*token=\*\*\*[^]*2/);
    // Text stays text.
    await page.locator('summary').first().click();
    await shows(page, '<img src=x onerror=alert(1)>', '⟨U+202E⟩');
    await page.keyboard.press('[');
    await shows(page, 'behind log_dedup', '2 removed');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.graph-box');
  });
});

test('a point in front of a redaction says why it is closed', async () => {
  await mock.state('full');
  await withPage(mock.address, {path: 'pipeline/traces%401', expected: ['403']}, async (page) => {
    await shows(page, 'show_before_redaction');
    assert.deepEqual(await violations(page), []);
  });
});

test('empty views say so', async () => {
  await mock.state('empty');
  for (const [path, text] of [
    ['traces', 'No trace yet'],
    ['logs', 'No log record yet'],
    ['metrics', 'No metric yet'],
    ['map', 'No service yet'],
    [`traces/${'0'.repeat(32)}`, 'is not held here'],
  ]) {
    await withPage(mock.address, {path, expected: ['404']}, async (page) => {
      await shows(page, text);
      assert.deepEqual(await violations(page), []);
    });
  }
});

test('the first packet appears without a reload, with its sender', async () => {
  await mock.state('empty');
  await withPage(mock.address, {}, async (page) => {
    await shows(page, 'Waiting for the first telemetry');
    await mock.state('full');
    await shows(page, 'python SDK 1.38.0', 'Senders', 'nodejs 1.38.0');
  });
});

test('a refused request appears with its cause and remedy', async () => {
  await mock.state('full');
  await withPage(mock.address, {}, async (page) => {
    await shows(page, 'Whatever a receiver refuses');
    await mock.state('refused');
    await shows(
      page,
      'wrong content type',
      '127.0.0.1:51422',
      'Set the exporter’s protocol',
      'trace_id: 15 bytes at offset 93',
    );
    assert.deepEqual(await violations(page), []);
  });
});

test('an outage can be read from ledger and pipeline', async () => {
  await mock.state('outage');
  await withPage(mock.address, {path: 'ledger'}, async (page) => {
    await shows(page, 'do not balance', 'retry expired', '700', '3 items are in no book');
    await shows(page, 'backup.jsonl', 'rejected by the destination', 'Accepted, by service');
    const lost = page.locator('section', {hasText: 'What was lost'}).locator('tbody tr').first();
    assert.match(await lost.innerText(), /\d\d:\d\d:\d\d\s+\d\d:\d\d:\d\d/, 'first and last time');
    assert.deepEqual(await violations(page), []);
    await page.goto(`${mock.address}#/pipeline`);
    await shows(page, 'breaker open', 'Connection refused', 'No space left on device', '94 %');
    const ending = page.locator('tr', {hasText: 'exporter otlp/backup'}).locator('.warn');
    assert.equal(await ending.innerText(), '3', 'days left of a certificate');
    assert.deepEqual(await violations(page), []);
    await page.goto(`${mock.address}#/`);
    await shows(page, 'has not answered for 5 minutes');
    assert.deepEqual(await violations(page), []);
  });
});

test('an outage fits on a phone', async () => {
  await mock.state('outage');
  await withPage(mock.address, {mode: 'narrow', path: 'ledger'}, async (page) => {
    await shows(page, 'backup.jsonl');
    for (const path of ['ledger', 'pipeline', '']) {
      await page.goto(`${mock.address}#/${path}`);
      await page.waitForTimeout(400);
      assert.deepEqual(await violations(page), []);
      assert.ok((await overflow(page)) <= 0, `${path} is wider than the window by ${await overflow(page)}`);
    }
  });
});

test('everything can be reached with the keyboard', async () => {
  await mock.state('full');
  await withPage(mock.address, {}, async (page) => {
    await shows(page, 'Senders');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog[open]', {state: 'detached'});
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForSelector('.trace-row');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.waitForSelector('.trace-row.selected');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.wf-row');
    const rows = await page.locator('.wf-row').count();
    await page.keyboard.press('j');
    await page.waitForSelector('.detail');
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction((n) => document.querySelectorAll('.wf-row').length < n, rows);
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((n) => document.querySelectorAll('.wf-row').length === n, rows);
    await page.keyboard.press('e');
    await page.keyboard.press('f');
    await page.waitForSelector('.flame');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.detail', {state: 'detached'});
    await page.keyboard.press('Escape');
    await page.waitForSelector('.trace-row');
    await page.keyboard.press('/');
    await page.keyboard.type('error');
    assert.ok((await page.evaluate(() => location.hash)).includes('q=error'));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('d');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  });
});

test('the focus is visible and follows the order of the page', async () => {
  await withPage(mock.address, {}, async (page) => {
    await shows(page, 'Senders');
    const seen = [];
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      seen.push(
        await page.evaluate(() =>
          (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)
            .trim()
            .slice(0, 30),
        ),
      );
    }
    assert.deepEqual(seen.slice(0, 9), [
      'Skip to the content',
      'Millrace, overview',
      'Overview',
      'Pipeline',
      'Ledger',
      'Traces',
      'Logs',
      'Metrics',
      'Map',
    ]);
    assert.equal(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'solid');
  });
});

test('the filter suggests keys and values', async () => {
  await mock.state('full');
  await withPage(mock.address, {path: 'traces'}, async (page) => {
    await page.waitForSelector('.trace-row');
    const box = page.getByRole('combobox', {name: 'Filter traces'});
    await box.fill('serv');
    await page.getByRole('option', {name: 'service', exact: true}).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('option', {name: 'checkout'}).waitFor();
    await box.pressSequentially('supp');
    await page.getByRole('option', {name: 'support-bot'}).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => document.querySelectorAll('.trace-row').length === 1);
    await shows(page, 'answer question');
  });
});

test('text from telemetry is never markup', async () => {
  await mock.state('full');
  await withPage(mock.address, {path: `traces/${named('<script>')}`}, async (page) => {
    await page.waitForSelector('.wf-row');
    for (let i = 0; i < 11; i++) {
      await page.keyboard.press('j');
      if (i === 0)
        await shows(
          page,
          '<img src=x onerror="window.attacked=true">',
          '⟨U+202E⟩gnp.exe',
          'a⟨U+0000⟩b⟨U+001B⟩[31m⟨U+0007⟩',
        );
    }
    assert.equal(await page.evaluate(() => window.attacked), undefined);
    assert.equal(await page.evaluate(() => document.querySelectorAll('main img, main script').length), 0);
    await page.goto(`${mock.address}#/logs`);
    await shows(page, '<script>window.attacked = true</script>');
    assert.equal(await page.evaluate(() => window.attacked), undefined);
  });
});

// How long the browser takes here and now for fixed work of the same kind: parsing, sorting and laying out. On a
// machine that draws 10,000 spans in 200 ms it is 50 ms.
const referenceMillis = (page) =>
  page.evaluate(() => {
    const text = JSON.stringify(
      Array.from({length: 10_000}, (_, i) => ({id: `span ${i}`, at: (i * 7919) % 10_007})),
    );
    const started = performance.now();
    const rows = JSON.parse(text).sort((a, b) => a.at - b.at || a.id.localeCompare(b.id));
    const box = document.createElement('div');
    box.innerHTML = rows
      .slice(0, 1000)
      .map((row) => `<div><span>${row.id}</span> <b>${row.at}</b></div>`)
      .join('');
    document.body.append(box);
    box.getBoundingClientRect();
    box.remove();
    return performance.now() - started;
  });

test('10,000 spans are drawn in less than 200 ms, with only the rows in sight', async () => {
  await mock.state('full');
  // Wall time: a busy machine gets several tries, and a slow one is measured with the reference.
  const times = [];
  const references = [];
  const isSoon = () => times.some((time, i) => time < 200 || time < 5 * references[i]);
  for (let i = 0; i < 6 && !isSoon(); i++) {
    await withPage(mock.address, {path: `traces/${named('nightly')}`}, async (page) => {
      await page.waitForFunction(() => performance.getEntriesByName('trace drawn').length > 0, undefined, {
        timeout: 15_000,
      });
      times.push(await page.evaluate(() => performance.getEntriesByName('trace drawn')[0].duration));
      assert.ok((await page.locator('.wf-row').count()) < 120);
      await page.evaluate(() => {
        const box = document.querySelector('.wf-rows');
        box.scrollTop = box.scrollHeight;
      });
      await page.waitForFunction(() => document.querySelector('#span-9999') !== null);
      references.push(await referenceMillis(page));
    });
  }
  const inMs = (list) => list.map((time) => Math.round(time)).join(', ');
  console.log(`10,000 spans drawn in ${inMs(times)} ms, the reference in ${inMs(references)} ms`);
  assert.ok(isSoon(), `drawn in ${inMs(times)} ms, the reference in ${inMs(references)} ms`);
});

test('the page is small, ready soon, and comes from one host', async () => {
  const times = [];
  const references = [];
  const isSoon = () => times.some((time, i) => time < 300 || time < 6 * references[i]);
  let bytes = 0;
  for (let i = 0; i < 6 && !isSoon(); i++) {
    bytes = 0;
    await withPage(mock.address, {}, async (page) => {
      await page.waitForFunction(() => performance.getEntriesByName('ready').length > 0);
      times.push(await page.evaluate(() => performance.getEntriesByName('ready')[0].startTime));
      bytes = await page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .concat(performance.getEntriesByType('navigation'))
          .filter((one) => !one.name.includes('/api/'))
          .reduce((sum, one) => sum + one.transferSize, 0),
      );
      references.push(await referenceMillis(page));
    });
  }
  console.log(`ready in ${times.map((time) => Math.round(time)).join(', ')} ms, ${bytes} bytes`);
  assert.ok(bytes > 10_000 && bytes < gzipBytesMax, `${bytes} bytes`);
  assert.ok(isSoon(), `ready in ${times} ms, the reference in ${references} ms`);
});

test('links lead from a log record and from an exemplar to their traces', async () => {
  await mock.state('full');
  await withPage(mock.address, {path: 'logs?q=issuer%20code'}, async (page) => {
    await shows(page, 'issuer code 51');
    await page.keyboard.press('j');
    await page.getByRole('link', {name: 'Go to the trace'}).click();
    await page.waitForSelector('.wf-row.selected');
    await shows(page, 'insufficient funds (issuer code 51)', 'exception');
    await page.goto(`${mock.address}#/metrics/http.server.request.duration`);
    await shows(page, 'Exemplars');
    await page.locator('section', {hasText: 'Exemplars'}).getByRole('link').first().click();
    await page.waitForSelector('.wf-row.selected');
  });
});

test('the tail of the logs shows new records, and holds still under a reader', async () => {
  await mock.state('full');
  await withPage(mock.address, {path: 'logs'}, async (page) => {
    await shows(page, '500 shown');
    const inSight = () =>
      page.evaluate(() => {
        const box = document.querySelector('.log-list').getBoundingClientRect();
        return document.elementFromPoint(box.left + 300, box.top + 40).closest('.log-row').textContent;
      });
    await page.evaluate(() => {
      document.querySelector('.log-list').scrollTop = 2000;
    });
    await page.waitForTimeout(200);
    const before = await inSight();
    await mock.state('busy');
    await page.waitForFunction(
      () => parseInt(document.querySelector('.toolbar .muted').textContent, 10) >= 510,
    );
    await mock.state('full');
    assert.equal(await inSight(), before);
    await page.evaluate(() => {
      document.querySelector('.log-list').scrollTop = 0;
    });
    await page.waitForFunction(() => document.querySelector('.log-row').textContent.includes('busy'));
  });
});

test('logs and metrics of an earlier run are marked, filtered and laid over those of this one', async () => {
  await mock.state('full');
  await withPage(mock.address, {path: 'logs?q=run%3Dearlier'}, async (page) => {
    await shows(page, 'earlier run', 'order 7000 placed', '30 shown');
    await page.goto(`${mock.address}#/metrics?q=run%3Dearlier`);
    await shows(page, 'http.server.requests', 'earlier run', '2 metrics');
    for (const [name, drawn] of [
      ['http.server.requests', 'run of'],
      ['http.server.request.duration', 'Quantiles of each run'],
    ]) {
      await page.goto(`${mock.address}#/metrics/${name}`);
      await shows(page, 'run of');
      const rows = () => page.locator('section', {hasText: 'Series'}).locator('tbody tr').count();
      const whole = await rows();
      await page.getByRole('button', {name: 'Earlier', exact: true}).click();
      assert.ok((await rows()) < whole);
      await page.getByRole('button', {name: 'Overlaid'}).click();
      await shows(page, drawn, 'as if they had started when this one did');
      assert.deepEqual(await violations(page), []);
      assert.ok((await overflow(page)) <= 0);
    }
  });
});

test('a view that is left while a slow machine still draws it writes no error', async () => {
  await mock.state('full');
  await withPage(mock.address, {}, async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', {rate: 6});
    for (let i = 0; i < 6; i++)
      for (const path of ['metrics/http.server.request.duration', `traces/${failing()}`, 'pipeline']) {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, `#/${path}`);
        await page.waitForSelector('canvas');
      }
    await shows(page, 'redaction');
  });
});

test('a trace can be copied as a command and as a link', async () => {
  await mock.state('full');
  await withPage(
    mock.address,
    {
      path: `traces/${failing()}`,
      permissions: ['clipboard-read', 'clipboard-write'],
    },
    async (page) => {
      await page.getByRole('button', {name: 'Copy curl'}).click();
      await shows(page, 'Copied');
      assert.match(
        await page.evaluate(() => navigator.clipboard.readText()),
        /^curl -i http:.*\/v1\/traces .*resourceSpans/,
      );
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', {name: 'Download'}).click(),
      ]);
      assert.equal(file.suggestedFilename(), `trace-${failing()}.json`);
      await page.getByRole('button', {name: 'Copy link'}).click();
      await page.waitForFunction(
        async (id) => (await navigator.clipboard.readText()).endsWith(`#/traces/${id}`),
        failing(),
      );
    },
  );
});

test('a console with a token asks for it once', async () => {
  const locked = await startMock({more: ['--token', 'secret']});
  try {
    await withPage(locked.address, {expected: ['401']}, async (page) => {
      await page.getByLabel('This console asks for its token').fill('secret');
      assert.deepEqual(await violations(page), []);
      await page.getByRole('button', {name: 'Open'}).click();
      await shows(page, 'Senders');
      await page.reload();
      await shows(page, 'Senders');
    });
  } finally {
    locked.stop();
  }
});

test('a lost collector is said, and the page recovers by itself', async () => {
  let other = await startMock();
  const {port} = other;
  try {
    await withPage(
      other.address,
      {
        expected: [
          'ERR_CONNECTION_REFUSED',
          'ERR_INCOMPLETE_CHUNKED_ENCODING',
          'ERR_EMPTY_RESPONSE',
          'ERR_CONNECTION_RESET',
          'ERR_SOCKET_NOT_CONNECTED',
        ],
      },
      async (page) => {
        await shows(page, 'Senders');
        other.stop();
        await shows(page, 'The collector does not answer');
        other = await startMock({port});
        await page.waitForFunction(() => !document.body.innerText.includes('does not answer'), undefined, {
          timeout: 15_000,
        });
        await page.waitForSelector('.live-open');
      },
    );
  } finally {
    other.stop();
  }
});
