import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { askAdmin } from '../../../src/admin/admin-client.ts';
import { waitFor } from '../../support/child.ts';
import type { CriClient } from '../../support/cri-client.ts';
import { answerWith, type FakeRuntime } from '../../support/fake-runtime.ts';
import { at, listPods, startPodRuntime, startReloadDaemon } from './reload-daemon.ts';

const ROUNDS = 20;

async function startRuntimes(t: Test, names: readonly string[]): Promise<FakeRuntime[]> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-reload-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return Promise.all(names.map(name => startPodRuntime(t, dir, name)));
}

/** Makes calls one after the other until it is told to stop, and resolves with the faults that it has seen. */
function keepCalling(client: CriClient, ask: (client: CriClient) => Promise<string | undefined>) {
  let stopped = false;
  let calls = 0;
  const faults: string[] = [];
  const run = async () => {
    while (!stopped) {
      const fault = await ask(client);
      calls++;
      if (fault !== undefined) faults.push(fault);
    }
  };
  const over = run();
  return {
    async stop() {
      stopped = true;
      await over;
      return { calls, faults };
    },
  };
}

const status = (id: string) => async (client: CriClient) => {
  const { code, details } = await client.ask('PodSandboxStatus', { pod_sandbox_id: id }, { deadline: 60_000 });
  return code === 0 ? undefined : `${id}: ${code} ${details}`;
};

/** Lists have the pods of the runtimes that stay, in whatever form the third is at the time. */
const lists = async (client: CriClient) => {
  const pods = await listPods(client).catch(fault => [String(fault)]);
  return pods.includes('pod-main') && pods.includes('alt__pod-alt') ? undefined : `list: ${pods.join(' ')}`;
};

test(`a runtime is added, changed and removed ${ROUNDS} times under load: no call fails`, async t => {
  const [main, alt, third, moved] = (await startRuntimes(t, ['main', 'alt', 'third', 'moved'])) as [
    FakeRuntime,
    FakeRuntime,
    FakeRuntime,
    FakeRuntime,
  ];
  const staying = [at('', main), at('alt', alt)];
  const daemon = await startReloadDaemon(t, { runtimes: staying });
  for (const runtime of [main, alt, third, moved]) runtime.answers['GetContainerEvents'] = 'hang';
  const listener = daemon.connect();
  const ends: number[] = [];
  let changes = 0;
  let isOver = false;
  /** Listens like a kubelet: asks again as soon as a stream has ended. */
  const listening = (async () => {
    while (!isOver) ends.push((await listener.stream('GetContainerEvents').outcome).code);
  })();

  const callers = Array.from({ length: 4 }, () => daemon.connect()).flatMap(client => [
    keepCalling(client, status('pod-main')),
    keepCalling(client, status('alt__pod-alt')),
    keepCalling(client, lists),
  ]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [runtimes, pod] of [
      [[...staying, at('third', third)], 'third__pod-third'],
      [[...staying, at('third', moved)], 'third__pod-moved'],
      [staying, undefined],
    ] as const) {
      daemon.write({ runtimes, maxSnapshotAge: `${round + 1}h` });
      await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
      changes++;
      await waitFor('the stream to end', () => ends.length >= changes || undefined, { pause: 1 });
      const expected = ['alt__pod-alt', 'pod-main', ...(pod === undefined ? [] : [pod])].sort();
      t.strictSame(await listPods(daemon.client), expected, `round ${round}: ${pod ?? 'removed'}`);
    }
  }
  const outcomes = await Promise.all(callers.map(caller => caller.stop()));
  const calls = outcomes.reduce((sum, each) => sum + each.calls, 0);
  t.strictSame(
    outcomes.flatMap(({ faults }) => faults),
    [],
    `${calls} calls`,
  );
  t.ok(calls > 10 * changes, `${calls} calls are a load`);
  isOver = true;
  daemon.write({ runtimes: [at('', main)] });
  await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  await listening;
  t.strictSame([...new Set(ends)], [14], 'a stream of events ends with Unavailable, so that a kubelet lists');
  t.equal(ends.length, changes + 1, 'once for each change of the runtimes');
});

test('calls to a runtime whose socket changes again and again do not fail either', async t => {
  const [main, one, two] = (await startRuntimes(t, ['main', 'one', 'two'])) as [FakeRuntime, FakeRuntime, FakeRuntime];
  const slow = answerWith(async request => {
    await new Promise(resolve => setTimeout(resolve, 20));
    return { status: { id: request['pod_sandbox_id'] } };
  });
  for (const runtime of [one, two]) runtime.answers['PodSandboxStatus'] = slow;
  const daemon = await startReloadDaemon(t, { runtimes: [at('', main), at('alt', one)] });
  const callers = Array.from({ length: 20 }, () => keepCalling(daemon.client, status('alt__pod-x')));
  for (let round = 0; round < ROUNDS; round++) {
    daemon.write({ runtimes: [at('', main), at('alt', round % 2 === 0 ? two : one)] });
    await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  }
  const outcomes = await Promise.all(callers.map(caller => caller.stop()));
  t.strictSame(
    outcomes.flatMap(({ faults }) => faults),
    [],
    `${outcomes.reduce((sum, each) => sum + each.calls, 0)} calls`,
  );
  t.ok(one.asked('PodSandboxStatus').length > 0 && two.asked('PodSandboxStatus').length > 0, 'both were asked');
});

test('100 reloads leave nothing behind', async t => {
  const [main, alt, other] = (await startRuntimes(t, ['main', 'alt', 'other'])) as [
    FakeRuntime,
    FakeRuntime,
    FakeRuntime,
  ];
  // A larger young generation would hold garbage, and the test would measure that.
  process.env['NODE_OPTIONS'] = '--max-semi-space-size=1';
  const daemon = await startReloadDaemon(t, { runtimes: [at('', main), at('alt', alt)] });
  const descriptors = () => readdirSync(`/proc/${daemon.pid}/fd`).length;
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))![1]) / 1024;
  const reload = async (count: number) => {
    for (let round = 0; round < count; round++) {
      const gone = round % 2 === 1;
      const runtimes = gone ? [at('', main), at('alt', alt)] : [at('', alt), at('alt', main), at('other', other)];
      daemon.write({ runtimes, maxSnapshotAge: `${round + 1}h` });
      await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
      await listPods(daemon.client);
    }
  };
  await reload(40);
  const [files, memory] = [descriptors(), resident()];
  await reload(100);
  await waitFor('the links to be closed', () => descriptors() <= files || undefined);
  const growth = resident() - memory;
  t.ok(growth < 32, `${memory.toFixed(1)} MiB before, ${growth.toFixed(1)} MiB more after`);
});
