import { test } from 'tap';
import { criTypes } from '../../support/cri-types.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';
import { fakeRuntime } from '../fakes.ts';
import { startLab } from '../lab.ts';

const types = criTypes('runtime.v1');

/** Calls that make something, the list that then has it, and the field of the list's item. */
const makers = [
  ['RunPodSandbox', { config: {} }, { pod_sandbox_id: 'made' }, 'ListPodSandbox', 'items'],
  ['CreateContainer', { pod_sandbox_id: 'p', config: {} }, { container_id: 'made' }, 'ListContainers', 'containers'],
] as const;

for (const [method, request, answer, list, items] of makers) {
  test(
    `the time of what ${method} has made is not later than the runtime's own`,
    fastForward(async t => {
      let madeAt = 0;
      const primary = fakeRuntime('', {
        answers: {
          ListPodSandbox: types.encode('ListPodSandboxResponse', { items: [{ id: 'p' }] }),
          [method]: async () => {
            madeAt = Date.now();
            await elapse(30);
            return types.encode(`${method}Response`, answer);
          },
        },
      });
      const lab = startLab([primary]);
      t.teardown(() => lab.stop());
      await lab.call('ListPodSandbox');
      await lab.call('ListContainers');
      const askedAt = Date.now();
      await lab.call(method, request);
      primary.goDown();
      const found = (await lab.call(list))[items].find((item: { id: string }) => item.id === 'made');
      const createdAt = Number(BigInt(found.created_at) / 1_000_000n);
      t.ok(createdAt >= askedAt - 1 && createdAt <= madeAt, `${askedAt} ${createdAt} ${madeAt}`);
    }),
  );
}
