import { test } from 'tap';
import { methodSpec } from '../../../src/cri/translate/method-spec.ts';
import { replaceIds } from '../../../src/cri/translate/replace-ids.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';

const ids = new Map([
  ['p1', 'another-pod'],
  ['c1', 'c2'],
]);

const rows: ReadonlyArray<readonly [method: string, before: Message, after: Message]> = [
  ['StopPodSandbox', { pod_sandbox_id: 'p1' }, { pod_sandbox_id: 'another-pod' }],
  ['StopPodSandbox', { pod_sandbox_id: 'p2' }, { pod_sandbox_id: 'p2' }],
  ['StartContainer', { container_id: 'c1' }, { container_id: 'c2' }],
  [
    'ListContainers',
    { filter: { id: 'c1', pod_sandbox_id: 'p1' } },
    { filter: { id: 'c2', pod_sandbox_id: 'another-pod' } },
  ],
  [
    'CreateContainer',
    { pod_sandbox_id: 'p1', config: { metadata: { name: 'p1' }, image: { image: 'c1' } } },
    { pod_sandbox_id: 'another-pod', config: { metadata: { name: 'p1' }, image: { image: 'c1' } } },
  ],
];

for (const [method, before, after] of rows) {
  test(`${method} ${JSON.stringify(before)}`, async t => {
    const spec = methodSpec(method);
    const types = criTypes('runtime.v1');
    t.same(replaceIds(spec, types.encode(spec.request, before), ids), types.encode(spec.request, after));
  });
}
