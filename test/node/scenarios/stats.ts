import type { Test } from 'tap';
import { waitFor } from '../../support/child.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Pod, removePod, runContainer, runPod } from '../../support/pods.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

/** Stats of a pod on each side; neither side may have pods before. */
export async function checkStats(t: Test, lab: TwoRuntimes): Promise<void> {
  const { client } = lab;
  const pods: Pod[] = [];
  const containers: string[] = [];
  for (const side of lab.sides) {
    // The kubelet gives every pod a cgroup, and containerd measures the pod by it.
    const pod = await runPod(client, side, { linux: { cgroup_parent: side.containerd.cgroupParent } });
    pods.push(pod);
    containers.push(await runContainer(client, side, pod));
  }

  for (const [index, side] of lab.sides.entries()) {
    const pod_sandbox_id = pods[index]!.id;
    const container_id = containers[index]!;

    await t.test(`the ${side.name}'s stats carry the ids of the lists`, async t => {
      const { stats } = await client.call('ContainerStats', { container_id });
      t.equal(stats.attributes.id, container_id);
      t.ok(stats.memory.working_set_bytes.value > 0n);

      const one = await client.call('ListContainerStats', { filter: { id: container_id } });
      t.same(idsOf(one.stats), [container_id], 'filter by container');
      const ofPod = await client.call('ListContainerStats', { filter: { pod_sandbox_id } });
      t.same(idsOf(ofPod.stats), [container_id], 'filter by pod');
    });

    await t.test(`the ${side.name}'s pod stats name the pod and its containers`, async t => {
      const stats = await waitFor('pod stats', async () => {
        const answer = await client.call('PodSandboxStats', { pod_sandbox_id });
        return answer.stats.linux.containers.length > 0 ? answer.stats : undefined;
      });
      t.equal(stats.attributes.id, pod_sandbox_id);
      t.same(idsOf(stats.linux.containers), [container_id]);
      const filtered = await client.call('ListPodSandboxStats', { filter: { id: pod_sandbox_id } });
      t.same(idsOf(filtered.stats), [pod_sandbox_id]);
    });
  }

  await t.test('lists of stats join both runtimes', async t => {
    t.same(idsOf((await client.call('ListContainerStats')).stats), containers);
    const { stats } = await client.call('ListPodSandboxStats');
    t.same(
      idsOf(stats),
      pods.map(({ id }) => id),
    );
    t.same(
      stats.map((pod: Message) => idsOf(pod['linux'].containers)),
      containers.map(id => [id]),
    );
  });

  await t.test('a secondary that is stopped has its last stats, with their times, filters applied', async t => {
    const { containerd } = lab.secondary;
    const ask = async (filter?: Message) => (await client.call('ListContainerStats', filter && { filter })).stats;
    const live = await ask();
    containerd.freeze();
    try {
      // A process may answer one more question until all of its threads have stopped.
      const first = await ask();
      const last = await ask();
      t.same(idsOf(last), containers);
      t.same(last[1].cpu.timestamp, first[1].cpu.timestamp, 'the time at which they were taken');
      t.not(last[0].cpu.timestamp, live[0].cpu.timestamp, "the primary's are of now");
      t.same(idsOf(await ask({ pod_sandbox_id: pods[1]!.id })), [containers[1]]);
      t.same(idsOf(await ask({ id: containers[1] })), [containers[1]]);
    } finally {
      containerd.thaw();
    }
    await waitFor('its own stats', async () => {
      const [, own] = await ask();
      return own?.['cpu'].timestamp > live[1].cpu.timestamp || undefined;
    });
  });

  for (const pod of pods) await removePod(client, pod);
}

function idsOf(stats: Message[]): string[] {
  return stats.map(item => item['attributes'].id);
}
