import type { Test } from 'tap';
import { waitFor } from '../../support/child.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Pod, removePod, runContainer, runPod } from '../../support/pods.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

const unavailable = 14;

/** The proxy and each side end and start again; neither side may have pods before. The proxy has ended afterwards. */
export async function checkRestarts(t: Test, lab: TwoRuntimes): Promise<void> {
  const { client } = lab;
  const pods: Pod[] = [];
  const containers: string[] = [];
  for (const side of lab.sides) {
    const pod = await runPod(client, side);
    pods.push(pod);
    containers.push(await runContainer(client, side, pod));
  }
  const before = { items: (await client.call('ListPodSandbox')).items, containers };
  t.same(before.items.map(idOf), pods.map(idOf));

  /** The ids that are listed now; undefined while a runtime is still starting. */
  const listAll = async () => {
    const [first, second] = await Promise.all([client.ask('ListPodSandbox'), client.ask('ListContainers')]);
    const [items, running] = [first.response?.['items'], second.response?.['containers']];
    return items?.length === 2 && running?.length === 2 ? { items, containers: running.map(idOf) } : undefined;
  };

  /** Runs a command in the container, once its runtime is up. */
  const greet = (container_id: string) =>
    waitFor(`exec in ${container_id}`, async () => {
      const { code, response } = await client.ask('ExecSync', { container_id, cmd: ['echo', 'alive'] });
      return code === unavailable ? undefined : String(response?.['stdout']);
    });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await t.test(`the proxy ended by ${signal} and started again has the same pods`, async t => {
      await lab.proxy.stop(signal);
      await lab.proxy.start();
      t.same(await waitFor('both runtimes in the lists', listAll), before);
      for (const container_id of containers) {
        t.equal(await greet(container_id), 'alive\n', container_id);
      }
    });
  }

  for (const [index, side] of lab.sides.entries()) {
    const container_id = containers[index]!;

    await t.test(`the ${side.name} killed: its calls are Unavailable, the other's are served`, async t => {
      await side.containerd.kill();
      const options = { deadline: 20_000 };
      const lost = await client.ask('ContainerStatus', { container_id }, options);
      t.equal(lost.code, unavailable);
      const { containers: listed } = await client.call('ListContainers', {}, options);
      t.same(listed.map(idOf), containers, 'a list is never short of its containers');
      const other = containers[1 - index]!;
      t.equal((await client.call('ContainerStatus', { container_id: other })).status.id, other);
    });

    await t.test(`the ${side.name} back: the same pods, and calls work`, async t => {
      await side.containerd.start();
      t.same(await waitFor('both runtimes in the lists', listAll), before);
      t.equal(await greet(container_id), 'alive\n');
    });
  }

  for (const pod of pods) await removePod(client, pod);

  await t.test('SIGTERM ends the proxy with status 0', async t => {
    t.equal(await lab.proxy.stop('SIGTERM'), 0);
  });
}

function idOf(item: Message | Pod): string {
  return item.id;
}
