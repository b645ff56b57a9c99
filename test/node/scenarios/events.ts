import type { Test } from 'tap';
import { waitFor } from '../../support/child.ts';
import { removePod, runContainer, runPod } from '../../support/pods.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

/** GetContainerEvents has the events of both sides as they happen, or is Unimplemented because one of them has none. */
export async function checkEvents(t: Test, lab: TwoRuntimes): Promise<void> {
  const lacking = lab.sides.filter(side => side.containerd.release === '1.6');
  for (const side of lacking)
    t.match(await side.direct.ask('GetContainerEvents'), { code: 12 }, `the ${side.name} itself has no events`);
  if (lacking.length > 0) await checkRefusal(t, lab);
  else await checkOffer(t, lab);
}

async function checkRefusal(t: Test, { client }: TwoRuntimes): Promise<void> {
  // A kubelet asks five times, and uses its lists from then on (pkg/kubelet/pleg/evented.go).
  for (let time = 1; time <= 5; time++) {
    const { code } = await client.stream('GetContainerEvents').outcome;
    t.equal(code, 12, `Unimplemented, time ${time}`);
  }
}

async function checkOffer(t: Test, { client, sides }: TwoRuntimes): Promise<void> {
  const events = client.stream('GetContainerEvents');
  t.teardown(() => events.cancel());
  const told: [id: string, type: string, pod: string][] = [];
  const reader = (async () => {
    for await (const { container_id, container_event_type, pod_sandbox_status } of events)
      told.push([container_id, container_event_type, pod_sandbox_status?.id]);
  })();
  reader.catch(() => undefined);
  /** Resolves when the event has come; rejects when it does not come, or the stream has ended. */
  const heard = (id: string, type: string) =>
    Promise.race([
      waitFor(`${type} of ${id}, heard ${JSON.stringify(told)}`, () =>
        told.find(([of, is]) => of === id && is === type),
      ),
      events.outcome.then(({ code, details }) => Promise.reject(new Error(`the stream ended: ${code} ${details}`))),
    ]);

  // Only an event shows that a stream has subscribed to a runtime.
  for (const side of sides) {
    await waitFor(`events of the ${side.name}`, async () => {
      const pod = await runPod(client, side);
      await removePod(client, pod);
      return told.some(([id]) => id === pod.id) || undefined;
    });
  }

  for (const side of sides) {
    await t.test(`a container on the ${side.name} starts, stops and goes`, async t => {
      const pod = await runPod(client, side);
      const container_id = await runContainer(client, side, pod);
      t.same(await heard(container_id, 'CONTAINER_STARTED_EVENT'), [container_id, 'CONTAINER_STARTED_EVENT', pod.id]);
      await client.call('StopContainer', { container_id, timeout: 0 });
      t.same(await heard(container_id, 'CONTAINER_STOPPED_EVENT'), [container_id, 'CONTAINER_STOPPED_EVENT', pod.id]);
      await removePod(client, pod);
      t.match(await heard(container_id, 'CONTAINER_DELETED_EVENT'), [container_id]);
    });
  }
}
