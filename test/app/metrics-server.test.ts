import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { type Test, test } from 'tap';
import { openMetricsServer } from '../../src/app/metrics-server.ts';
import { Telemetry } from '../../src/app/telemetry.ts';
import type { Logger } from '../../src/base/logger.ts';
import { CallWatch } from '../../src/watch/call-watch.ts';
import { waitFor } from '../support/child.ts';
import { askHttp, Scrape } from '../support/exposition.ts';

const host = '127.0.0.1';
const quiet: Logger = { enabled: () => false, info() {}, warn() {}, error() {} };

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const { port, free } = await takePort();
  await free();
  return port;
}

async function takePort(): Promise<{ port: number; free(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return { port, free: () => new Promise(resolve => server.close(() => resolve())) };
}

function collect(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  return { lines, log: { enabled: () => true, info: (_level, message) => add(message), warn: add, error: add } };
}

async function open(t: Test, port: number, log: Logger, render = async () => ({ type: 'text/plain', text: 'a 1\n' })) {
  const server = await openMetricsServer({ host, port }, { render }, log);
  t.teardown(() => server.stop());
}

test('prom-client is loaded by the first scrape, and not before', async t => {
  const { cache } = createRequire(import.meta.url);
  const isLoaded = () => Object.keys(cache).some(path => path.includes('/prom-client/'));
  const telemetry = new Telemetry({ version: '1.2.3', otlp: undefined }, new CallWatch(), quiet);
  t.teardown(() => telemetry.stop());
  t.equal(isLoaded(), false, 'before');
  const request = { query: new URLSearchParams(), body: undefined, signal: new AbortController().signal };
  const answer = await telemetry.routes[0]!.handle(request);
  t.equal(isLoaded(), true, 'after');
  t.match(answer, { kind: 'text', type: /^text\/plain; version=0\.0\.4/ });
  const { text } = answer as { text: string };
  t.equal(new Scrape(text).all('criproxy_build_info')[0]?.labels['version'], '1.2.3');
});

test('what the port answers', async t => {
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
