import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { removePod, runContainer, runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

test('events of runtimes that have none of their own', needs('root', 'demo', 'registry'), async t => {
  const lab = await startTwoRuntimes();
  t.teardown(() => lab.stop());
  const { client } = lab;
  const events = client.stream('GetContainerEvents');
  const told: [id: string, type: string, pod: string][] = [];
  const reader = (async () => {
    for await (const { container_id, container_event_type, pod_sandbox_status } of events)
      told.push([container_id, container_event_type, pod_sandbox_status?.id]);
  })();
  reader.catch(() => undefined);
  t.teardown(() => events.cancel());
  /** Resolves when the event has come; rejects when it does not, or the stream has ended. */
  const heard = (id: string, type: string) =>
    Promise.race([
      waitFor(`${type} of ${id}, heard ${JSON.stringify(told)}`, () =>
        told.find(([of, is]) => of === id && is === type),
      ),
      events.outcome.then(({ code, details }) => Promise.reject(new Error(`the stream ended: ${code} ${details}`))),
    ]);

  for (const side of lab.sides) {
    await t.test(`a container on the ${side.name} starts, stops and goes`, async t => {
      t.match(await side.direct.ask('GetContainerEvents'), { code: 12 }, 'the runtime itself has no events');
      const pod = await runPod(client, side);
      const container_id = await runContainer(client, side, pod);
      t.same(await heard(container_id, 'CONTAINER_STARTED_EVENT'), [container_id, 'CONTAINER_STARTED_EVENT', pod.id]);
      await client.call('StopContainer', { container_id, timeout: 0 });
      t.same(await heard(container_id, 'CONTAINER_STOPPED_EVENT'), [container_id, 'CONTAINER_STOPPED_EVENT', pod.id]);
      await removePod(client, pod);
      t.match(await heard(container_id, 'CONTAINER_DELETED_EVENT'), [container_id]);
    });
  }
});
