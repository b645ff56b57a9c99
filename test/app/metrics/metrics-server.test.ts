import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { type Test, test } from 'tap';
import { openMetricsServer } from '../../../src/app/metrics/metrics-server.ts';
import { oneAnswerHttp } from '../../../src/app/metrics/one-answer-http.ts';
import { Telemetry } from '../../../src/app/metrics/telemetry.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { CallWatch } from '../../../src/watch/call-watch.ts';
import { waitFor } from '../../support/child.ts';
import { askHttp, Scrape } from '../../support/exposition.ts';
import { freePort, takePort } from '../../support/free-port.ts';

const host = '127.0.0.1';
const quiet: Logger = { enabled: () => false, info() {}, warn() {}, error() {} };

/** A port that nobody has now. */
function collect(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  return { lines, log: { enabled: () => true, info: (_level, message) => add(message), warn: add, error: add } };
}

async function open(t: Test, port: number, log: Logger, render = async () => ({ type: 'text/plain', text: 'a 1\n' })) {
  const server = await openMetricsServer({ host, port }, { render }, log);
  t.teardown(() => server.stop());
}

/** Sends bytes by hand, part by part, and resolves with the answer when the connection is closed. */
async function converse(port: number, parts: readonly string[]): Promise<string> {
  const socket = connect(port, host)
    .setEncoding('utf8')
    .on('error', () => {});
  let text = '';
  socket.on('data', chunk => {
    text += chunk;
  });
  const closed = new Promise(resolve => socket.once('close', resolve));
  for (const part of parts) await Promise.race([new Promise(resolve => socket.write(part, resolve)), closed]);
  await closed;
  return text;
}

test('prom-client is loaded by the first scrape, and not before', async t => {
  const { cache } = createRequire(import.meta.url);
  const isLoaded = () => Object.keys(cache).some(path => path.includes('/prom-client/'));
  const telemetry = new Telemetry({ version: '1.2.3', otlp: undefined }, new CallWatch(), quiet, () => 0);
  t.teardown(() => telemetry.stop());
  t.equal(isLoaded(), false, 'before');
  const request = { query: new URLSearchParams(), body: undefined, signal: new AbortController().signal };
  const answer = await telemetry.routes[0]!.handle(request);
  t.equal(isLoaded(), true, 'after');
  t.match(answer, { kind: 'text', type: /^text\/plain; version=0\.0\.4/ });
  const { text } = answer as { text: string };
  t.equal(new Scrape(text).all('criproxy_build_info')[0]?.labels['version'], '1.2.3');
});

test('the answers of the port', async t => {
  const port = await freePort();
  await open(t, port, quiet);
  for (const [method, path, status, text] of [
    ['GET', '/metrics', 200, 'a 1\n'],
    ['GET', '/metrics?name[]=up', 200, 'a 1\n'],
    ['HEAD', '/metrics', 200, ''],
    ['GET', '/', 404, 'metrics are at /metrics\n'],
    ['GET', '/v1/status', 404, 'metrics are at /metrics\n'],
    ['POST', '/metrics', 405, 'only GET\n'],
  ] as const) {
    const answer = await askHttp({ host, port }, path, method);
    t.equal(answer.status, status, `${method} ${path}: ${status}`);
    t.equal(answer.text, text);
  }
});

test('metrics that cannot be written are the server’s fault, and it goes on', async t => {
  const port = await freePort();
  const { log, lines } = collect();
  const render = async () => {
    throw new Error('no memory');
  };
  await open(t, port, log, render);
  for (let each = 0; each < 2; each++) t.equal((await askHttp({ host, port }, '/metrics')).status, 500);
  t.match(lines.at(-1), /cannot write the metrics: Error: no memory/);
});

test('a client that says nothing, however many times, does not keep a scrape out', async t => {
  const port = await freePort();
  await open(t, port, quiet);
  const silent = Array.from({ length: 200 }, () => connect(port, host));
  t.teardown(() => silent.map(socket => socket.destroy()));
  for (const socket of silent) socket.on('error', () => {});
  await Promise.all(silent.map(socket => new Promise(resolve => socket.once('connect', resolve))));
  for (let each = 0; each < 10; each++) t.equal((await askHttp({ host, port }, '/metrics')).text, 'a 1\n');
});

test('only the first of several requests on one connection is served', async t => {
  const port = await freePort();
  let renderings = 0;
  await open(t, port, quiet, async () => {
    renderings++;
    return { type: 'text/plain', text: 'a 1\n' };
  });
  const text = await converse(port, ['GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(10_000)]);
  t.equal(renderings, 1);
  t.ok(text.split('HTTP/1.1').length <= 2, 'one answer, if it is not lost with what was not read');
});

for (const [what, sent, status] of [
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['an older HTTP', 'GET /metrics HTTP/0.9\r\n\r\n', 400],
  ['an endless line', `GET /${'a'.repeat(20_000)}`, 431],
  ['endless fields', `GET /metrics HTTP/1.1\r\n${'a: b\r\n'.repeat(3_000)}`, 431],
  ['a request in pieces', ['GET /metr', 'ics HTTP/1.0\r\n', '\r', '\n'], 200],
  ['lines that end with LF', 'GET /metrics HTTP/1.1\nhost: a\n\n', 200],
] as const) {
  test(`${what} is answered with ${status}`, async t => {
    const port = await freePort();
    await open(t, port, quiet);
    const text = await converse(port, [sent].flat());
    t.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
  });
}

test('metrics are written once a second at most, however many clients ask', async t => {
  const telemetry = new Telemetry({ version: '1.2.3', otlp: undefined }, new CallWatch(), quiet, () => 0);
  t.teardown(() => telemetry.stop());
  let read = 0;
  telemetry.counters.register({ name: 'criproxy_a', help: 'a', type: 'gauge', labels: [], read: () => [[[], ++read]] });
  const request = { query: new URLSearchParams(), body: undefined, signal: new AbortController().signal };
  const begin = performance.now();
  for (let each = 0; each < 200; each++) await telemetry.routes[0]!.handle(request);
  const most = Math.ceil((performance.now() - begin) / 1000) + 1;
  t.ok(read <= most, `${read} times`);
  await waitFor('another writing', async () => {
    await telemetry.routes[0]!.handle(request);
    return read >= 2 || undefined;
  });
});

test('a port that is taken is warned of once, and had when it is free', async t => {
  const { port, free } = await takePort();
  const { log, lines } = collect();
  await open(t, port, log);
  t.equal(lines.length, 1);
  t.match(lines[0], new RegExp(`^no metrics on ${host}:${port}: another program listens there .*-metrics`));
  await free();
  await waitFor('the port', () => (lines.length > 1 ? true : undefined));
  t.strictSame(lines.slice(1), [`serving metrics on http://${host}:${port}/metrics`]);
  t.equal((await askHttp({ host, port }, '/metrics')).status, 200);
});

test('an error of accept does not end the server', async t => {
  const server = oneAnswerHttp(async () => ({ status: 200, type: 'text/plain', text: '' }));
  t.doesNotThrow(() => server.emit('error', new Error('accept ENETDOWN')));
});
