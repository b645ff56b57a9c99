import { test } from 'tap';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { nameSubject } from '../../../src/routing/state/known-names.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { fakeRuntime } from '../fakes.ts';
import { startLab } from '../lab.ts';

const types = criTypes('runtime.v1');
const pods = (id: string, name: string) =>
  types.encode('ListPodSandboxResponse', { items: [{ id, metadata: { name, namespace: 'default' } }] });
const containers = (id: string, pod: string, name: string) =>
  types.encode('ListContainersResponse', { containers: [{ id, pod_sandbox_id: pod, metadata: { name } }] });

const primary = fakeRuntime('', {
  answers: { ListPodSandbox: pods('p1', 'web-0'), ListContainers: containers('c1', 'p1', 'nginx') },
});
const alt = fakeRuntime('alt', {
  answers: { ListPodSandbox: pods('p2', 'db-0'), ListContainers: containers('c2', 'p2', 'postgres') },
});
const lab = startLab([primary, alt]);
const runtimes = new Runtimes([primary, alt]);
await lab.call('ListPodSandbox');
await lab.call('ListContainers');

const none = { namespace: '', pod: '', container: '', image: '', runtime: undefined };
const web = { namespace: 'default', pod: 'web-0', runtime: '' };
const db = { namespace: 'default', pod: 'db-0', runtime: 'alt' };

const rows: ReadonlyArray<readonly [message: string, value: Message, found: object]> = [
  ['StopPodSandboxRequest', { pod_sandbox_id: 'p1' }, web],
  ['StopPodSandboxRequest', { pod_sandbox_id: 'alt__p2' }, db],
  ['StopPodSandboxRequest', { pod_sandbox_id: 'p2' }, db],
  ['StopPodSandboxRequest', { pod_sandbox_id: 'alt__p1' }, { runtime: 'alt' }],
  ['StopPodSandboxRequest', { pod_sandbox_id: 'nobody' }, {}],
  ['StopContainerRequest', { container_id: 'c1' }, { ...web, container: 'nginx' }],
  ['StopContainerRequest', { container_id: 'alt__c2' }, { ...db, container: 'postgres' }],
  ['StopContainerRequest', { container_id: 'c2' }, { ...db, container: 'postgres' }],
  [
    'CreateContainerRequest',
    { pod_sandbox_id: 'alt__p2', config: { metadata: { name: 'side' } } },
    { ...db, container: 'side' },
  ],
  [
    'RunPodSandboxRequest',
    { config: { metadata: { name: 'new', namespace: 'kube-system' } } },
    { namespace: 'kube-system', pod: 'new' },
  ],
  ['ImageStatusRequest', { image: { image: 'nginx' } }, { image: 'nginx' }],
];

for (const [message, value, found] of rows) {
  test(`${message} ${JSON.stringify(value)}`, async t => {
    const { runtime, ...names } = nameSubject(message, types.encode(message, value), runtimes, lab.node);
    t.strictSame({ ...names, runtime: runtime?.id }, { ...none, ...found });
  });
}

test('the pod that is being removed still has its name', async t => {
  const request = types.encode('RemovePodSandboxRequest', { pod_sandbox_id: 'p1' });
  t.match(nameSubject('RemovePodSandboxRequest', request, runtimes, lab.node), { pod: 'web-0' });
  lab.stop();
});
