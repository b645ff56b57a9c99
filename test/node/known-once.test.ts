import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { nameOfSocket } from '../../src/app/generation/snapshot-names.ts';
import { Code } from '../../src/base/codes.ts';
import { listPods } from '../app/operate/reload-daemon.ts';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

/** Runs `use` with a client of a proxy of these flags, which ends with it. */
async function withProxy(t: Test, flags: readonly string[], use: (client: CriClient) => Promise<void>): Promise<void> {
  const [, connectTo] = flags as [string, string];
  const proxy = await startProxy({ connect: connectTo, verbosity: 1, flags: flags.slice(2) });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  await use(client);
  client.close();
  await proxy.stop();
}

test(
  'what is known of a containerd that is down: by its socket, from the copy, or not at all',
  needs('root', 'demo', 'registry'),
  async t => {
    const lab = await startTwoRuntimes();
    t.teardown(() => lab.stop());
    const { primary, secondary } = lab;
    const [a, b] = [primary.containerd.socketPath, secondary.containerd.socketPath];
    const here = await runPod(lab.client, primary);
    const there = await runPod(lab.client, secondary);
    const raw = there.id.slice('alt__'.length);
    await runContainer(lab.client, secondary, there, { command: ['sleep', '3600'] });
    await lab.proxy.stop();
    const state = mkdtempSync(join(tmpdir(), 'criproxy-known-'));
    t.teardown(() => rmSync(state, { recursive: true, force: true }));
    const flags = (connectTo: string, ids = 'prefixed') => ['-connect', connectTo, '-stateDir', state, '-ids', ids];

    await withProxy(t, flags(`${a},alt:${b}`), async client => {
      t.strictSame(await listPods(client), [here.id, there.id].sort());
      const gone = await runPod(client, secondary);
      await listPods(client);
      // crictl sends as much of an id as it shows.
      const request = { pod_sandbox_id: gone.id.slice(0, 'alt__'.length + 13) };
      await client.call('StopPodSandbox', request);
      await client.call('RemovePodSandbox', request);
      await secondary.containerd.kill();
      await waitFor(
        'the runtime to be down',
        async () =>
          (await client.ask('PodSandboxStatus', { pod_sandbox_id: there.id })).code === Code.Unavailable || undefined,
      );
      t.strictSame(await listPods(client), [here.id, there.id].sort(), 'what was removed by a short id stays removed');
    });

    await withProxy(t, flags(`${a},kata:${b}`), async client => {
      t.strictSame(await listPods(client), [here.id, there.id].sort(), 'another id: its pods keep theirs');
    });
    await withProxy(t, flags(`${b},alt:${a}`), async client => {
      t.strictSame(await listPods(client), [here.id, there.id].sort(), 'the ids have changed places');
    });

    const [main, copy] = ['.snapshot', '@copy.snapshot'].map(end => join(state, `${nameOfSocket(b)}${end}`)) as [
      string,
      string,
    ];
    flip(main);
    await withProxy(t, flags(`${a},alt:${b}`, 'raw'), async client => {
      t.strictSame(await listPods(client), [here.id, raw].sort(), 'a damaged file has a copy');
    });
    flip(main);
    flip(copy);
    await withProxy(t, flags(`${a},alt:${b}`, 'raw'), async client => {
      const { code, details } = await client.ask('ListPodSandbox', {}, { deadline: 20_000 });
      t.equal(code, Code.Unavailable);
      t.match(details, /runtime alt is not up: .*; if it has left this node for good: criproxy forget alt/);
      const status = await client.ask('PodSandboxStatus', { pod_sandbox_id: raw });
      t.equal(status.code, Code.Unavailable, status.details);
      await secondary.containerd.start();
      const all = await waitFor('the runtime to be up', async () => {
        const answer = await client.ask('ListPodSandbox', {}, { deadline: 20_000 });
        return answer.code === 0 ? await listPods(client) : undefined;
      });
      t.strictSame(all, [here.id, raw].sort());
    });
  },
);

/** Changes a bit in the middle of a file. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}
