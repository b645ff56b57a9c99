import type { Test } from 'tap';
import { removePod, runContainer, runPod } from '../../support/pods.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

/** Lists join both sides; neither may have pods before. */
export async function checkLists(t: Test, lab: TwoRuntimes): Promise<void> {
  const { client } = lab;

  await t.test('lists join both runtimes under the ids that calls take', async t => {
    const onPrimary = await runPod(client, lab.primary);
    const onSecondary = await runPod(client, lab.secondary);
    const pods = [onPrimary, onSecondary];
    const containers = [
      await runContainer(client, lab.primary, onPrimary),
      await runContainer(client, lab.secondary, onSecondary),
    ];
    const { items } = await client.call('ListPodSandbox');
    t.same(ids(items), [onPrimary.id, onSecondary.id], 'the primary first');
    const listed = (await client.call('ListContainers')).containers;
    t.same(ids(listed), containers);
    t.same(
      listed.map((container: { pod_sandbox_id: string }) => container.pod_sandbox_id),
      [onPrimary.id, onSecondary.id],
    );
    for (const [index, side] of lab.sides.entries()) {
      const filter = { id: pods[index]!.id };
      t.same(ids((await client.call('ListPodSandbox', { filter })).items), [filter.id], `filter by id, ${side.name}`);
      const byPod = { filter: { pod_sandbox_id: filter.id } };
      t.same(ids((await client.call('ListContainers', byPod)).containers), [containers[index]], `by pod, ${side.name}`);
      const label_selector = { 'io.kubernetes.pod.uid': pods[index]!.config['metadata'].uid };
      const labelled = await client.call('ListPodSandbox', { filter: { label_selector } });
      t.same(ids(labelled.items), [filter.id], `by label, ${side.name}`);
    }
    const contradiction = { filter: { id: containers[0], pod_sandbox_id: onSecondary.id } };
    t.same((await client.call('ListContainers', contradiction)).containers, []);
    for (const pod of pods) await removePod(client, pod);
    t.same((await client.call('ListPodSandbox')).items, []);
  });

  await t.test('an unknown runtime in the annotation is InvalidArgument', async t => {
    const target = { imagePrefix: '', annotations: { 'kubernetes.io/target-runtime': 'nowhere' } };
    await t.rejects(runPod(client, target), { code: 3, details: /nowhere/ });
  });

  await t.test('the prefix of the secondary in a pod on the primary is InvalidArgument', async t => {
    const pod = await runPod(client, lab.primary);
    await t.rejects(runContainer(client, lab.secondary, pod), { code: 3 });
    await removePod(client, pod);
  });

  await t.test('Version, Status and ImageFsInfo', async t => {
    t.same(await client.call('Version'), await lab.primary.direct.call('Version'), "the primary's");
    const { status } = await client.call('Status');
    const own = (await lab.primary.direct.call('Status')).status;
    t.same(status.conditions.slice(0, -1), own.conditions);
    t.match(status.conditions.at(-1), { type: 'criproxy.alt/Ready', status: true });
    const systems = (await client.call('ImageFsInfo')).image_filesystems;
    const mountpoints = systems.map((system: { fs_id: { mountpoint: string } }) => system.fs_id.mountpoint);
    const folder = 'root/io.containerd.snapshotter.v1.overlayfs';
    t.same(
      mountpoints,
      lab.sides.map(side => `${side.containerd.dir}/${folder}`),
    );
  });
}

function ids(items: { id: string }[]): string[] {
  return items.map(item => item.id);
}
