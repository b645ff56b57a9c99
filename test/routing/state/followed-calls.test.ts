import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { FollowedCall } from '../../../src/routing/state/followed-call.ts';
import { Snapshot } from '../../../src/routing/state/snapshot.ts';
import { containerConfig, podConfig, Routed, settled } from '../../faults/support/routed.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';
import { ModelPort } from '../../support/fakes/model-port.ts';

const types = criTypes('runtime.v1');
const POD = 'ab'.repeat(32);
const OTHER = `abac${'cd'.repeat(30)}`;
const CONTAINER = 'ef'.repeat(32);

const encode = (message: string, fields: Message) => types.encode(message, fields);

/** Two pods, the first with a container. */
function known(): Snapshot {
  const snapshot = new Snapshot();
  const pods = [POD, OTHER].map(id => ({ id, state: 'SANDBOX_READY' }));
  snapshot.pods.set(encode('ListPodSandboxResponse', { items: pods }), 1);
  const containers = [{ id: CONTAINER, pod_sandbox_id: POD, state: 'CONTAINER_RUNNING' }];
  snapshot.containers.set(encode('ListContainersResponse', { containers }), 1);
  return snapshot;
}

function begin(snapshot: Snapshot, method: string, request: Message): FollowedCall {
  const effects: Record<string, ConstructorParameters<typeof FollowedCall>[1]> = {
    RunPodSandbox: 'addPod',
    StopPodSandbox: 'stopPod',
    RemovePodSandbox: 'removePod',
    CreateContainer: 'addContainer',
    RemoveContainer: 'removeContainer',
    RestorePod: 'restorePod',
  };
  return new FollowedCall(snapshot, effects[method]!, encode(methodFact(method).request, request));
}

const podIds = (snapshot: Snapshot) => [...snapshot.pods.index().keys()];
const containerIds = (snapshot: Snapshot) => [...snapshot.containers.index().keys()];
const nothing = Buffer.alloc(0);

test('a short id means the item that was there before the call', async t => {
  for (const [given, left, asked] of [
    [POD, [OTHER], []],
    [POD.slice(0, 13), [OTHER], ['ListPodSandbox', 'ListContainers']],
    [POD.slice(0, 3), [POD, OTHER], ['ListPodSandbox', 'ListContainers']],
    ['99', [POD, OTHER], ['ListPodSandbox', 'ListContainers']],
    ['9'.repeat(64), [POD, OTHER], []],
  ] as const) {
    const snapshot = known();
    const call = begin(snapshot, 'RemovePodSandbox', { pod_sandbox_id: given });
    t.strictSame(call.answered(nothing), asked, `${given} is looked up where it is not sure`);
    t.strictSame(podIds(snapshot), left, given);
    t.equal(containerIds(snapshot).length, left.includes(POD as never) ? 1 : 0);
  }
});

test('a short id does not mean an item that came after the call was sent', async t => {
  const snapshot = known();
  snapshot.pods.set(encode('ListPodSandboxResponse', { items: [{ id: POD }] }), 2);
  const call = begin(snapshot, 'RemovePodSandbox', { pod_sandbox_id: 'ab' });
  snapshot.pods.set(encode('ListPodSandboxResponse', { items: [{ id: OTHER }] }), 3);
  call.answered(nothing);
  t.strictSame(podIds(snapshot), [OTHER]);
});

test('a short id of a pod that is known by its container alone means that pod', async t => {
  const snapshot = known();
  snapshot.pods.set(encode('ListPodSandboxResponse', { items: [] }), 2);
  begin(snapshot, 'RemovePodSandbox', { pod_sandbox_id: POD.slice(0, 13) }).answered(nothing);
  t.strictSame(containerIds(snapshot), []);
});

test('a container is put under the pod that its request means', async t => {
  const snapshot = known();
  const request = { pod_sandbox_id: POD.slice(0, 13), config: { metadata: { name: 'main' } } };
  begin(snapshot, 'CreateContainer', request).answered(encode('CreateContainerResponse', { container_id: 'c9' }));
  const item = types.decode('Container', snapshot.containers.index().get('c9')!);
  t.equal(item['pod_sandbox_id'], POD);
});

test('a late answer does not bring back a removed item', async t => {
  const snapshot = known();
  const late = begin(snapshot, 'CreateContainer', { pod_sandbox_id: POD, config: {} });
  const run = begin(snapshot, 'RunPodSandbox', { config: {} });
  const restore = begin(snapshot, 'RestorePod', { config: {} });
  for (const id of [POD, 'new', 'restored'])
    begin(snapshot, 'RemovePodSandbox', { pod_sandbox_id: id }).answered(nothing);
  late.answered(encode('CreateContainerResponse', { container_id: 'c9' }));
  run.answered(encode('RunPodSandboxResponse', { pod_sandbox_id: 'new' }));
  restore.answered(encode('RestorePodResponse', { pod_sandbox_id: 'restored' }));
  t.strictSame([podIds(snapshot), containerIds(snapshot)], [[OTHER], []]);
  const again = begin(snapshot, 'RunPodSandbox', { config: {} });
  again.answered(encode('RunPodSandboxResponse', { pod_sandbox_id: 'new' }));
  t.ok(podIds(snapshot).includes('new'), 'what was removed before a call says nothing of what the call has made');
});

test('a removed id is remembered as long as an earlier call is under way', async t => {
  const snapshot = known();
  const first = begin(snapshot, 'RunPodSandbox', { config: {} });
  const remove = (id: string) => begin(snapshot, 'RemovePodSandbox', { pod_sandbox_id: id }).answered(nothing);
  remove('one');
  const second = begin(snapshot, 'RunPodSandbox', { config: {} });
  remove('two');
  t.strictSame([first.isGone('one'), first.isGone('two')], [true, true]);
  t.strictSame([second.isGone('one'), second.isGone('two')], [false, true]);
  first.failed();
  t.ok(second.isGone('two'));
  second.failed();
  t.equal((snapshot.gone as unknown as { ids: Map<string, number> }).ids.size, 0, 'nothing is kept for nobody');
});

test('crictl stops and removes a pod by 13 characters of its id, and the runtime goes down', async t => {
  const lab = new Routed();
  t.teardown(() => lab.stop());
  await lab.up();
  const { pod_sandbox_id: pod } = await lab.call('RunPodSandbox', podConfig('web', true));
  const { container_id } = await lab.call('CreateContainer', containerConfig(pod, 'main'));
  const short = pod.slice(0, 'alt__'.length + 13);
  await lab.call('StopPodSandbox', { pod_sandbox_id: short });
  lab.alt.goDown();
  t.match((await lab.call('ListPodSandbox'))['items'], [{ id: pod, state: 'SANDBOX_NOTREADY' }]);
  t.match((await lab.call('ListContainers'))['containers'], [{ id: container_id, state: 'CONTAINER_EXITED' }]);
  await lab.up(lab.alt);
  await lab.call('RemovePodSandbox', { pod_sandbox_id: short });
  lab.alt.goDown();
  t.strictSame(await lab.ids('ListPodSandbox'), []);
  t.strictSame(await lab.ids('ListContainers'), []);
});

test('a failed call leads to a new list, which has its changes', async t => {
  const lab = new Routed();
  t.teardown(() => lab.stop());
  await lab.up();
  const { pod_sandbox_id: pod } = await lab.call('RunPodSandbox', podConfig('web', true));
  const { container_id } = await lab.call('CreateContainer', containerConfig(pod, 'main'));
  const { model } = lab.alt;
  const { handle } = model;
  model.handle = (method, request) => {
    const answer = handle.call(model, method, request);
    if (method === 'StopContainer') throw { code: Code.Unknown, message: 'it has stopped, but' };
    return answer;
  };
  t.match(await lab.fault('StopContainer', { container_id }), { code: Code.Unknown });
  await settled();
  lab.alt.goDown();
  t.match((await lab.call('ListContainers'))['containers'], [{ state: 'CONTAINER_EXITED' }]);
});

test('a restored pod is listed with its containers, although the runtime goes down', async t => {
  const lab = new Routed();
  t.teardown(() => lab.stop());
  await lab.up();
  const { model } = lab.alt;
  const { handle } = model;
  model.handle = (method, request) => {
    if (method !== 'RestorePod') return handle.call(model, method, request);
    const made = handle.call(model, 'RunPodSandbox', request)!;
    const { container_id } = handle.call(model, 'CreateContainer', {
      ...containerConfig(made['pod_sandbox_id'], 'main'),
    })!;
    return { ...made, restored_containers: [{ name: 'main', container_id }] };
  };
  const { pod_sandbox_id: pod, restored_containers } = await lab.call('RestorePod', podConfig('web', true));
  lab.alt.goDown();
  t.strictSame(await lab.ids('ListPodSandbox'), [pod]);
  t.strictSame(await lab.ids('ListContainers'), [restored_containers[0].container_id]);
});

test('a runtime that hangs has one own question of each list, whatever is wanted of it', async t => {
  const lab = new Routed();
  t.teardown(() => lab.stop());
  await lab.up();
  const { pod_sandbox_id: pod } = await lab.call('RunPodSandbox', podConfig('web', true));
  await settled();
  lab.alt.asked.length = 0;
  let free = () => {};
  lab.alt.faults.held = new Promise(resolve => {
    free = resolve;
  });
  for (let index = 0; index < 20; index++) {
    await lab.call('PullImage', { image: { image: `alt/image-${index}` } });
    await lab.fault('StopContainer', { container_id: `alt__${'0'.repeat(64)}` });
    await lab.call('StopPodSandbox', { pod_sandbox_id: pod.slice(0, -1) }).catch(() => {});
  }
  const asked = (list: string) => lab.alt.askedFor(list).length;
  t.strictSame(['ListPodSandbox', 'ListContainers', 'ListImages'].map(asked), [1, 1, 1]);
  lab.alt.faults.held = undefined;
  free();
  await settled();
  t.strictSame(
    ['ListPodSandbox', 'ListContainers', 'ListImages'].map(asked),
    [2, 2, 2],
    'and one more, for all of them',
  );
  lab.alt.goDown();
  t.equal((await lab.ids('ListImages')).length, 20, 'which has it all');
});

test('a runtime that has come up while its last question hung is asked again', async t => {
  const alt = new ModelPort('alt');
  const lab = new Routed({ ports: [new ModelPort(''), alt] });
  t.teardown(() => lab.stop());
  await lab.up();
  alt.faults.hang();
  alt.goDown();
  alt.comeUp();
  await settled();
  alt.goDown();
  alt.faults.goOn();
  alt.model.handle('RunPodSandbox', podConfig('web'));
  alt.comeUp();
  await settled();
  alt.goDown();
  t.equal((await lab.ids('ListPodSandbox')).length, 1);
});
