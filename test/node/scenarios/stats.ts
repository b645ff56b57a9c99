import type { Test } from 'tap';
import { waitFor } from '../../support/child.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Pod, removePod, runContainer, runPod } from '../../support/pods.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

/** Stats of a pod on each side; none of their pods may be there before. */
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

  for (const pod of pods) await removePod(client, pod);
}

function idsOf(stats: Message[]): string[] {
  return stats.map(item => item['attributes'].id);
}
