import { test } from 'tap';
import { Code } from '../../src/base/codes.ts';
import type { Message } from '../support/cri-types.ts';
import { runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

const PATIENCE = { deadline: 30_000 };

async function took<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const begin = performance.now();
  const value = await work();
  return { value, ms: performance.now() - begin };
}

const statusOf = ({ status }: Message, type: string) =>
  status.conditions.find((condition: Message) => condition['type'] === type)?.status;

test(
  'a containerd that is stopped costs what is asked of it, and nothing else',
  needs('root', 'demo', 'registry'),
  async t => {
    const lab = await startTwoRuntimes();
    t.teardown(() => lab.stop());
    const { client, primary, secondary } = lab;
    const here = await runPod(client, primary);
    const there = await runPod(client, secondary);
    const version = await client.call('Version');

    await t.test('the secondary is frozen: Status waits for it once, then has its last known state', async t => {
      secondary.containerd.freeze();
      try {
        const first = await took(() => client.call('Status', {}, PATIENCE));
        const later = [];
        while (later.length < 3) later.push(await took(() => client.call('Status', {}, PATIENCE)));
        const least = Math.min(...later.map(({ ms }) => ms));
        t.ok(least < first.ms / 2, `${least.toFixed(0)} ms after ${first.ms.toFixed(0)} ms`);
        for (const { value } of later) t.equal(statusOf(value, 'RuntimeReady'), true);
        const { code, details } = await client.ask(
          'PodSandboxStatus',
          { pod_sandbox_id: there.id },
          { deadline: 1_500 },
        );
        t.equal(code, Code.DeadlineExceeded);
        // grpc-js may find that the deadline has passed before the server says so.
        t.match(details, /runtime alt has not answered|Deadline exceeded/);
        t.equal((await client.ask('PodSandboxStatus', { pod_sandbox_id: here.id }, PATIENCE)).code, Code.OK);
      } finally {
        secondary.containerd.thaw();
      }
    });

    await t.test('the primary is frozen: Version is answered, Status is not, and the secondary works', async t => {
      primary.containerd.freeze();
      try {
        t.same(await client.call('Version', {}, PATIENCE), version, 'the identity of the last greeting');
        const { code } = await client.ask('Status', {}, { deadline: 2_000 });
        t.equal(code, Code.DeadlineExceeded, 'health is not told by heart');
        t.equal((await client.ask('PodSandboxStatus', { pod_sandbox_id: there.id }, PATIENCE)).code, Code.OK);
        const { items } = await client.call('ListPodSandbox', {}, PATIENCE);
        t.strictSame(items.map((item: Message) => item['id']).sort(), [here.id, there.id].sort(), 'lists are whole');
      } finally {
        primary.containerd.thaw();
      }
    });
  },
);
