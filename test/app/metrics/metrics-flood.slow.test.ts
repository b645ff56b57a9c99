import { mkdtempSync, rmSync } from 'node:fs';
import { connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { connect } from '../../support/cri-client.ts';
import { askHttp } from '../../support/exposition.ts';
import { startFakeRuntime } from '../../support/fake-runtime.ts';
import { freePort } from '../../support/free-port.ts';
import { startProxy } from '../../support/proxy.ts';

const host = '127.0.0.1';
const CONNECTIONS = 16;
const ROUNDS = 300;
const pipelined = 'GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(200);

/** Clients that ask for metrics in a row on one connection, and never read; each comes again when its connection is closed. */
function flood(port: number): () => void {
  const sockets = new Set<Socket>();
  let going = true;
  const open = () => {
    if (!going) return;
    const socket = dial(port, host).on('error', () => {});
    sockets.add(socket);
    const send = () => {
      while (going && !socket.destroyed && socket.write(pipelined));
    };
    socket.on('connect', send).on('drain', send);
    socket.once('close', () => {
      sockets.delete(socket);
      setTimeout(open, 20);
    });
  };
  for (let each = 0; each < CONNECTIONS; each++) open();
  return () => {
    going = false;
    for (const socket of sockets) socket.destroy();
  };
}

test('clients that pipeline scrapes cost the clients of CRI no call, and a scrape gets its place', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-flood-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const runtime = await startFakeRuntime({ socketPath: join(dir, 'runtime'), answers: {} });
  t.teardown(() => runtime.stop());
  const port = await freePort();
  const proxy = await startProxy({ connect: runtime.socketPath, verbosity: 0, flags: ['-metrics', `${host}:${port}`] });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const medianOfCalls = async () => {
    const times: number[] = [];
    for (let call = 0; call < ROUNDS; call++) {
      const begin = performance.now();
      await client.call('Version', {}, { deadline: 60_000 });
      times.push(performance.now() - begin);
    }
    return times.sort((a, b) => a - b)[ROUNDS / 2]!;
  };
  await medianOfCalls();
  const alone = await medianOfCalls();
  const stop = flood(port);
  t.teardown(stop);
  const beside = await medianOfCalls();
  const begin = performance.now();
  const { status, text } = await askHttp({ host, port }, '/metrics');
  const waited = performance.now() - begin;
  stop();
  t.equal(status, 200);
  t.match(text, 'criproxy_calls_total');
  t.ok(waited < 60_000, `the scrape took ${waited.toFixed(0)} ms`);
  // The flood takes its own share of the machine, above all of one with two processors.
  t.ok(beside < 10 * alone + 200, `a call takes ${beside.toFixed(2)} ms at the median, ${alone.toFixed(2)} ms without`);
});
