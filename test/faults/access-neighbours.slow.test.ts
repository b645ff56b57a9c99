import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { startSockets } from '../app/access/sockets-daemon.ts';
import { waitFor } from '../support/child.ts';
import { scrape } from '../support/exposition.ts';
import { TEST_LIMIT } from '../support/require.ts';
import type { CallFlood } from './support/call-flood.ts';
import { wellBehaved } from './support/well-behaved.ts';

const ROUNDS = 30;
const CALLS = 30;
const CONNECTIONS = 8;

test('a hostile client of a read socket does not slow the client of the node', { timeout: TEST_LIMIT }, async t => {
  const scene = await startSockets(t, { one: { allow: ['read'], redact: true, namespaces: ['default'], rate: 50 } });
  const [node, one] = [scene.path('criproxy'), scene.path('one')];
  const stop = await wellBehaved(t, node);
  // More connections than one client may have.
  const sockets = Array.from({ length: 64 }, () => dial(one).on('error', () => {}));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  await waitFor('the connections over the limit to be closed', () =>
    sockets.filter(({ closed }) => closed).length >= 48 ? true : undefined,
  );
  for (const socket of sockets) socket.destroy();
  const names = ['ListContainers', 'StopContainer', 'ListPodSandbox', 'NoSuchMethod'];
  const paths = Array.from({ length: CALLS }, (_, at) => `/runtime.v1.RuntimeService/${names[at % names.length]}`);
  const workerData: CallFlood = { socket: one, connections: CONNECTIONS, rounds: ROUNDS, paths };
  // The worker has a thread of its own, since this thread times the calls of the other client.
  const worker = new Worker(new URL('./support/call-flood.ts', import.meta.url), { workerData });
  await once(worker, 'message');
  await stop();
  const metrics = await scrape(scene.daemon.adminSocket);
  const of = (code: string) =>
    metrics.all('criproxy_socket_calls_total', { code }).reduce((sum, { value }) => sum + value, 0);
  t.ok(of('ResourceExhausted') > 1_000, `${of('ResourceExhausted')} calls were over the rate`);
  t.ok(of('OK') > 0, `${of('OK')} were served`);
  t.notMatch(scene.daemon.log(), /is down/);
});
