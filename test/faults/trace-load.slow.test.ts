import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'tap';
import { askAdmin } from '../../src/admin/admin-client.ts';
import type { StatusReport } from '../../src/admin/api/status-report.ts';
import type { TraceLine } from '../../src/admin/api/trace-line.ts';
import { answers, statusRequest } from '../bench/messages.ts';
import { writeAnswers } from '../bench/peers/answers.ts';
import { nodeClient } from '../bench/peers/clients.ts';
import { summarize } from '../bench/stats.ts';
import { residentMemory } from '../bench/usage.ts';
import { adminSocketOf } from '../cli/trace/trace-command-lab.ts';
import { makeFolder, type Teardown } from '../daemon/daemon.ts';
import { spawnTied, waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { startProxy } from '../support/proxy.ts';

const CALLS = 10_000;
const ROUNDS = 3;
const peers = join(import.meta.dirname, '../bench/peers');

/** A reader that does not read: the lines stay in the sockets and in the daemon. */
async function stallingReader(admin: string, query: string): Promise<IncomingMessage> {
  const asked = httpRequest({ socketPath: admin, path: `/v1/trace?${query}`, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response.pause();
}

/** Reads on until it has this many calls. */
async function readOn(response: IncomingMessage, calls: number) {
  let delivered = 0;
  let lost = 0;
  for await (const text of createInterface({ input: response })) {
    const line = JSON.parse(text) as TraceLine;
    if (line.kind === 'lost') lost += line.lines;
    if (line.kind === 'end') delivered++;
    if (delivered + lost >= calls) break;
  }
  response.destroy();
  return { delivered, lost };
}

async function startLoad(t: Teardown) {
  const dir = makeFolder(t);
  const socket = join(dir, 'runtime.sock');
  const file = join(dir, 'answers.json');
  writeAnswers(file, answers('a', 100, false));
  const canned = [join(peers, 'canned-runtime.ts'), 'own', `${socket}=${file}`];
  const runtime = spawnTied(process.execPath, canned, { stdio: 'ignore' });
  t.teardown(() => runtime.kill('SIGKILL'));
  const direct = connect(socket);
  t.teardown(() => direct.close());
  await waitFor('the runtime', async () => (await direct.ask('Version')).code === 0 || undefined);
  const proxy = await startProxy({ connect: socket, verbosity: 0 });
  t.teardown(() => proxy.remove());
  const child = fork(join(peers, 'load-client.ts'));
  t.teardown(() => child.kill('SIGKILL'));
  const client = nodeClient(child);
  const load = () =>
    client.run({
      socket: proxy.socketPath,
      library: 'own',
      path: '/runtime.v1.RuntimeService/ContainerStatus',
      request: statusRequest.toString('base64'),
      parallel: 64,
      calls: CALLS,
    });
  return { admin: adminSocketOf(proxy), load };
}

test('readers that stall neither slow nor fail a call, and get the number of their lost lines', async t => {
  const { admin, load } = await startLoad(t);
  const { daemon } = (await askAdmin(admin, 'GET', '/v1/status')) as StatusReport;
  const { pid } = daemon;
  await load();
  const rounds: { readonly without: number; readonly traced: number; readonly rate: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const plain = await load();
    const { p50: without } = summarize([{ ...plain, cpu: undefined }]);
    const before = residentMemory(pid);
    const readers = await Promise.all(['', 'body=true&record=true'].map(query => stallingReader(admin, query)));
    const result = await load();
    const { p50, calls, callsPerSecond } = summarize([{ ...result, cpu: undefined }]);
    rounds.push({ without, traced: p50, rate: Math.round(callsPerSecond) });
    t.equal(calls, CALLS, 'every call was answered with OK');
    const grown = residentMemory(pid) - before;
    t.ok(grown < 64, `round ${round}: memory has grown by ${grown.toFixed(1)} MiB`);
    for (const reader of readers) {
      const { delivered, lost } = await readOn(reader, CALLS);
      t.equal(delivered + lost, CALLS, `${delivered} delivered and ${lost} lost are all calls`);
      t.ok(lost > CALLS / 2, 'most were lost: it did stall');
    }
  }
  const said = rounds.map(
    ({ without, traced, rate }) =>
      `p50 ${traced.toFixed(0)} us at ${rate} calls/s, ${without.toFixed(0)} us without readers`,
  );
  // Another load on the machine may begin in the middle of a round, but not in that of each.
  t.ok(
    rounds.some(({ without, traced }) => traced < 2 * without),
    said.join('; '),
  );
});

test('a reader that reads gets every call', async t => {
  const { admin, load } = await startLoad(t);
  const reader = await stallingReader(admin, '');
  const reading = readOn(reader, CALLS);
  await load();
  const { delivered, lost } = await reading;
  t.equal(delivered + lost, CALLS, `${delivered} delivered, ${lost} lost`);
  t.ok(delivered > 1000, 'more than fit into the ring');
});
