import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { waitFor } from '../support/child.ts';
import { type Containerd, startContainerd } from '../support/containerd.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';

const unavailable = 14;
/** The length of an id that crictl shows. */
const SHORT = 13;

/** Two containerd, a state folder that outlives proxies, and the runtime's own ids of a pod in each. */
interface Node {
  readonly red: Containerd;
  readonly blue: Containerd;
  readonly stateDir: string;
  readonly ids: { readonly red: string; readonly blue: string };
}

/** Runs `body` with a client of a proxy that is started for it; its `-connect` has sockets for the names `red` and `blue`. */
async function withProxy<T>(node: Omit<Node, 'ids'>, to: string, body: (client: CriClient) => Promise<T>): Promise<T> {
  const sockets = to.replace('red', node.red.socketPath).replace('blue', node.blue.socketPath);
  const proxy = await startProxy({ connect: sockets, flags: ['-stateDir', node.stateDir] });
  const client = connect(proxy.socketPath);
  try {
    return await body(client);
  } finally {
    client.close();
    await proxy.stop();
    await proxy.remove();
  }
}

async function listed(client: CriClient): Promise<string[]> {
  const { items } = await client.call('ListPodSandbox', {}, { deadline: 20_000 });
  return items.map(({ id }: Message) => id).sort();
}

/** Makes the pods through a proxy, removes another by its short id, and leaves blue down. */
async function prepare(t: Test, node: Omit<Node, 'ids'>): Promise<Node> {
  return withProxy(node, 'red,alt:blue', async client => {
    const onBlue = { imagePrefix: '', annotations: { 'kubernetes.io/target-runtime': 'alt' } };
    const red = await waitFor('a pod', () =>
      runPod(client, { imagePrefix: '', annotations: {} }).catch(() => undefined),
    );
    const blue = await waitFor('a pod', () => runPod(client, onBlue).catch(() => undefined));
    const gone = await runPod(client, onBlue);
    const container = await runContainer(client, onBlue, gone);
    const short = gone.id.slice(0, 'alt__'.length + SHORT);
    await client.call('StopContainer', { container_id: container.slice(0, 'alt__'.length + SHORT), timeout: 0 });
    await client.call('StopPodSandbox', { pod_sandbox_id: short });
    await client.call('RemovePodSandbox', { pod_sandbox_id: short });
    await node.blue.kill();
    t.same(await listed(client), [red.id, blue.id].sort(), 'what was removed by the beginning of its id stays removed');
    t.same((await client.call('ListContainers', {}, { deadline: 20_000 })).containers, [], 'with its container');
    return { ...node, ids: { red: red.id, blue: blue.id.slice('alt__'.length) } };
  });
}

/** Changes a byte of each matching file of blue. */
function spoil({ stateDir, blue }: Node, pattern: RegExp): number {
  const own = readdirSync(stateDir).filter(name => name.includes(blue.dir.split('/').at(-1)!) && pattern.test(name));
  for (const name of own) {
    const bytes = readFileSync(join(stateDir, name));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(stateDir, name), bytes);
  }
  return own.length;
}

test('pods of a containerd that is down, over restarts of the proxy', needs('root', 'demo'), async t => {
  const [red, blue] = await Promise.all([startContainerd({ release: '2.1' }), startContainerd()]);
  t.teardown(() => Promise.all([red.stop(), blue.stop()]));
  const stateDir = mkdtempSync(join(tmpdir(), 'criproxy-known-'));
  t.teardown(() => rmSync(stateDir, { recursive: true }));
  const node = await prepare(t, { red, blue, stateDir });
  const { ids } = node;

  const expected = [ids.red, `alt__${ids.blue}`];
  for (const to of ['red,alt:blue', 'red,kata:blue', 'blue,alt:red'] as const) {
    await t.test(`as ${to}`, async t => {
      await withProxy(node, to, async client => {
        t.same(await listed(client), [...expected].sort(), 'each once, under the id that it was made with');
      });
    });
  }

  await t.test('one of its files is damaged: the copy is read', async t => {
    t.equal(spoil(node, /sock\.snapshot$/), 1);
    await withProxy(node, 'red,alt:blue', async client => {
      t.same(await listed(client), [ids.red, `alt__${ids.blue}`].sort());
    });
  });

  await t.test('both are damaged: Unavailable until it is up', async t => {
    t.equal(spoil(node, /sock(@copy)?\.snapshot$/), 2);
    await withProxy(node, 'red,alt:blue', async client => {
      t.match(await client.ask('ListPodSandbox', {}, { deadline: 20_000 }), { code: unavailable });
      await node.blue.start();
      const all = await waitFor('the list', () => listed(client).catch(() => undefined));
      t.same(all, [ids.red, `alt__${ids.blue}`].sort());
    });
  });
});
