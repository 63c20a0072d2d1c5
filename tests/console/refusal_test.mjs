// What the overview says about senders that do it wrong, and about certificates that end soon, with the collector.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {connect} from 'node:http2';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {closeBrowser, overflow, shows, violations, withPage} from './browser.mjs';
import {startCollector} from './collector.mjs';
import {field} from './protobuf.mjs';
import {post, sendAll} from './telemetry.mjs';

let collector;
before(async () => {
  collector = await startCollector(({grpc, http, page, metrics, folder}) => {
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3', '-subj', '/CN=localhost'].concat(
        ['-keyout', join(folder, 'key.pem')],
        ['-out', join(folder, 'cert.pem')],
      ),
      {stdio: 'ignore'},
    );
    return `
receivers:
  otlp: {protocols: {grpc: {endpoint: "localhost:${grpc}"}, http: {endpoint: "localhost:${http}"}}}
  otlp/tls:
    protocols:
      http: {endpoint: "localhost:0", tls: {cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem"}}
exporters: {nop: }
extensions: {console: {endpoint: "localhost:${page}"}}
service:
  extensions: [console]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: localhost, port: ${metrics}}}}}]}}
  pipelines:
    traces: {receivers: [otlp, otlp/tls], exporters: [nop]}
    metrics: {receivers: [otlp], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [nop]}
`;
  });
});
after(async () => {
  await collector.stop();
  await closeBrowser();
});

/** A gRPC call over HTTP/2 to the path of OTLP over HTTP; resolves when it has ended. */
const grpcCall = (address) =>
  new Promise((done) => {
    const session = connect(address);
    session.on('error', done);
    const call = session.request({
      ':method': 'POST',
      ':path': '/v1/traces',
      'content-type': 'application/grpc',
      'te': 'trailers',
    });
    call.on('error', done);
    call.on('close', () => session.close(done));
    call.resume();
    call.end(Buffer.alloc(5));
  });

test('each refused packet is shown with its sender, its cause and a remedy, without reloading', async () => {
  const {receiver} = collector;
  await withPage(collector.console, {}, async (page) => {
    await shows(page, 'Waiting for the first telemetry');
    await page.waitForSelector('.live-open');
    await grpcCall(receiver);
    assert.equal(await post(receiver, '/v1/traces', 'text', 'text/plain'), 415);
    // A trace id of 15 bytes behind a scope of 83 bytes.
    const span = field(2, field(1, Buffer.alloc(15, 1)));
    const scope = field(1, field(1, 'x'.repeat(79)));
    const body = field(1, field(2, Buffer.concat([scope, span])));
    assert.equal(await post(receiver, '/v1/traces', body, 'application/x-protobuf'), 400);
    assert.equal(await post(receiver, '/v1/trace', '{}'), 404);
    await shows(
      page,
      'wrong content type',
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'bad data',
      'trace_id',
      '(byte 89)',
      'bad path',
      'unknown method /v1/traces',
      'the path ends in /v1/traces',
      '127.0.0.1',
    );
    assert.equal(await page.locator('.refusals li').count(), 4);
    assert.equal(await page.locator('.remedy').count(), 4);
    assert.deepEqual(await violations(page), []);
    assert.ok((await overflow(page)) <= 0);
  });
});

test('a certificate that ends in three days is an alert, and stands on the page of the pipelines', async () => {
  await withPage(collector.console, {}, async (page) => {
    await shows(page, 'the certificate of receiver otlp/tls');
    await page.goto(`${collector.console}#/pipeline`);
    await shows(page, 'Certificates', 'receiver otlp/tls');
  });
});

test('a packet appears within a second, with service, SDK, protocol and counts', async () => {
  const times = [];
  // A busy machine gets several tries.
  for (let i = 0; i < 5 && !times.some((time) => time < 1000); i++) {
    await withPage(collector.console, {}, async (page) => {
      await page.waitForSelector('.live-open');
      await page.evaluate(() => {
        globalThis.noticed = new Promise((done) => {
          new MutationObserver(() => {
            const text = document.querySelector('.notice')?.innerText;
            if (text !== undefined) done({at: Date.now(), text});
          }).observe(document.body, {subtree: true, childList: true});
        });
      });
      const sent = Date.now();
      await sendAll(collector.receiver);
      const {at, text} = await page.evaluate(() => globalThis.noticed);
      times.push(at - sent);
      assert.match(text, /checkout[^]*python SDK 1\.38\.0, http\/json[^]*2 traces/);
      await shows(page, 'Senders', 'checkout');
    });
  }
  console.log(`a packet appeared after ${times.join(', ')} ms`);
  assert.ok(Math.min(...times) < 1000, `after ${times} ms`);
});
