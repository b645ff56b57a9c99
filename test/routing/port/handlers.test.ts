import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { Snapshot } from '../../../src/routing/state/snapshot.ts';
import type { Message } from '../../support/cri-types.ts';
import { decodeSnapshot, encodeSnapshot } from '../../support/snapshot-contents.ts';
import { type Answer, startNode } from '../node-lab.ts';

const TARGET = 'kubernetes.io/target-runtime';

/** `rows`: kata and gvisor belong to virtlet, plain is its default by another name, crun belongs to the primary. */
const handlers = [
  { name: 'kata', runtime: 'virtlet', handler: '' },
  { name: 'gvisor', runtime: 'virtlet', handler: 'runsc' },
  { name: 'plain', runtime: 'virtlet', handler: '' },
  { name: 'fast', runtime: '', handler: 'crun' },
];

/** A runtime that lists the pods that it was asked to run, with the requested handler. */
function podRuntime(prefix: string): Record<string, Answer> {
  const pods: Message[] = [];
  return {
    RunPodSandbox({ runtime_handler = '' }) {
      pods.push({ id: `${prefix}${pods.length}`, runtime_handler });
      return { pod_sandbox_id: pods.at(-1)!['id'] };
    },
    RestorePod({ runtime_handler = '' }) {
      pods.push({ id: `${prefix}${pods.length}`, runtime_handler });
      return { pod_sandbox_id: pods.at(-1)!['id'], restored_containers: [{ name: 'c', container_id: 'c' }] };
    },
    ListPodSandbox: () => ({ items: pods }),
    PodSandboxStatus: ({ pod_sandbox_id }) => ({ status: pods.find(pod => pod['id'] === pod_sandbox_id)! }),
    StopPodSandbox: () => ({}),
    RemovePodSandbox: () => ({}),
  };
}

const start = () =>
  startNode(['', 'virtlet', 'other'], {
    handlers,
    answers: { '': podRuntime('p'), virtlet: podRuntime('v'), other: podRuntime('o') },
  });

/** `shown`: the handler that the client sees, which is the one that it asked for. */
const routes: ReadonlyArray<
  readonly [handler: string, annotation: string, runtime: string, own: string | undefined, shown: string]
> = [
  ['', '', '', undefined, ''],
  ['runc', '', '', 'runc', 'runc'],
  ['fast', '', '', 'crun', 'fast'],
  ['virtlet', '', 'virtlet', undefined, 'virtlet'],
  ['kata', '', 'virtlet', undefined, 'kata'],
  ['plain', '', 'virtlet', undefined, 'plain'],
  ['gvisor', '', 'virtlet', 'runsc', 'gvisor'],
  ['other', '', 'other', undefined, 'other'],
  ['', 'virtlet', 'virtlet', undefined, ''],
  ['virtlet', 'virtlet', 'virtlet', undefined, 'virtlet'],
  ['gvisor', 'virtlet', 'virtlet', 'runsc', 'gvisor'],
  ['runsc', 'virtlet', 'virtlet', 'runsc', 'runsc'],
];

for (const method of ['RunPodSandbox', 'RestorePod']) {
  for (const [handler, annotation, runtime, own, shown] of routes) {
    const title = `${method} with handler "${handler}" and annotation "${annotation}"`;
    test(`${title} runs on ${runtime || 'the primary'} as "${own ?? ''}"`, async t => {
      const node = start();
      t.teardown(() => node.stop());
      const config = { annotations: annotation === '' ? {} : { [TARGET]: annotation } };
      const { pod_sandbox_id } = await node.call(method, { config, runtime_handler: handler });
      const asked = Object.values(node.runtimes).filter(each => each.asked(method).length > 0);
      t.strictSame(
        asked.map(({ id }) => id),
        [runtime],
      );
      t.equal(asked[0]!.asked(method)[0]!['runtime_handler'], own);
      const { status } = await node.call('PodSandboxStatus', { pod_sandbox_id });
      t.equal(status.runtime_handler, shown, 'PodSandboxStatus');
      const { items } = await node.call('ListPodSandbox');
      const [item] = items.filter((each: Message) => each['id'] === pod_sandbox_id);
      t.equal(item.runtime_handler, shown, 'ListPodSandbox');
    });
  }
}

const contradictions: ReadonlyArray<readonly [handler: string, annotation: string, names: readonly string[]]> = [
  ['kata', 'other', ['handler "kata"', 'runtime virtlet', TARGET, 'runtime other', 'leave one of the two out']],
  ['other', 'virtlet', ['handler "other"', 'runtime other', 'runtime virtlet']],
  ['fast', 'virtlet', ['handler "fast"', 'primary runtime', 'runtime virtlet']],
];

for (const [handler, annotation, names] of contradictions) {
  test(`handler ${handler} with annotation ${annotation} is InvalidArgument`, async t => {
    const node = start();
    t.teardown(() => node.stop());
    const config = { annotations: { [TARGET]: annotation } };
    const { code, message } = await node.fault('RunPodSandbox', { config, runtime_handler: handler });
    t.equal(code, Code.InvalidArgument);
    for (const name of names) t.ok(message.includes(name), `${name} in: ${message}`);
    t.strictSame(
      Object.values(node.runtimes).flatMap(each => each.asked('RunPodSandbox')),
      [],
      'nobody is asked',
    );
  });
}

test('a pod that runs by a handler of an unknown runtime in its annotation is InvalidArgument', async t => {
  const node = start();
  t.teardown(() => node.stop());
  const request = { config: { annotations: { [TARGET]: 'nowhere' } }, runtime_handler: 'kata' };
  const { code, message } = await node.fault('RunPodSandbox', request);
  t.equal(code, Code.InvalidArgument);
  t.match(message, /unknown runtime "nowhere".*use one of: virtlet, other/);
});

test('pods that run by names of the same handler each show their own', async t => {
  const node = start();
  t.teardown(() => node.stop());
  for (const runtime_handler of ['kata', 'plain', 'virtlet', '']) {
    const annotations = runtime_handler === '' ? { [TARGET]: 'virtlet' } : {};
    await node.call('RunPodSandbox', { config: { annotations }, runtime_handler });
  }
  const shown = (items: Message[]) => items.map(item => item['runtime_handler']);
  t.strictSame(shown((await node.call('ListPodSandbox'))['items']), ['kata', 'plain', 'virtlet', '']);
  node.runtimes['virtlet']!.goDown();
  t.strictSame(
    shown((await node.call('ListPodSandbox'))['items']),
    ['kata', 'plain', 'virtlet', ''],
    'from a snapshot',
  );
});

test('the handler that a client asked for outlives the proxy', async t => {
  const node = start();
  t.teardown(() => node.stop());
  await node.call('RunPodSandbox', { runtime_handler: 'plain' });
  const kept = await node.call('RunPodSandbox', { runtime_handler: 'kata' });
  await node.call('RemovePodSandbox', { pod_sandbox_id: 'virtlet__v0' });
  const content = encodeSnapshot(node.state.of(node.runtimes['virtlet']!), 'boot');
  const again = new Snapshot();
  decodeSnapshot(content, 'boot', again);
  t.equal(kept['pod_sandbox_id'], 'virtlet__v1');
  t.strictSame([...again.askedHandlers], [['v1', 'kata']], 'but not the pod');
});

/** A pod that nobody remembers: a name by which a client could ask for its handler, if there is one. */
const unknown: ReadonlyArray<readonly [runtime: string, own: string, shown: string]> = [
  ['virtlet', 'runsc', 'gvisor'],
  ['virtlet', 'other-one', 'other-one'],
  ['virtlet', '', ''],
  ['other', 'runsc', 'runsc'],
  ['', 'crun', 'fast'],
  ['', 'runc', 'runc'],
];

for (const [runtime, own, shown] of unknown) {
  test(`a pod of unknown origin with handler "${own}" of ${runtime || 'the primary'} shows "${shown}"`, async t => {
    const pod = { id: 'x', runtime_handler: own };
    const answers = {
      [runtime]: { ListPodSandbox: () => ({ items: [pod] }), PodSandboxStatus: () => ({ status: pod }) },
    };
    const node = startNode(['', 'virtlet', 'other'], { handlers, answers });
    t.teardown(() => node.stop());
    t.equal((await node.call('ListPodSandbox'))['items'][0].runtime_handler, shown);
  });
}

test('the handler of an image spec is that of the runtime', async t => {
  const container = { id: 'c', image: { image: 'i', runtime_handler: 'runsc' } };
  const answers = {
    virtlet: {
      PullImage: () => ({ image_ref: 'i' }),
      CreateContainer: () => ({ container_id: 'c' }),
      ListContainers: () => ({ containers: [container] }),
    },
  };
  const node = startNode(['', 'virtlet', 'other'], { handlers, answers });
  t.teardown(() => node.stop());
  const image = { image: 'virtlet/i', runtime_handler: 'gvisor' };
  const create = (spec: Message) => ({ pod_sandbox_id: 'virtlet__p', config: { image: spec } });
  await node.call('CreateContainer', create(image));
  const virtlet = node.runtimes['virtlet']!;
  t.strictSame(virtlet.asked('CreateContainer')[0]!['config'].image, { image: 'i', runtime_handler: 'runsc' });
  await node.call('CreateContainer', create({ ...image, runtime_handler: 'kata' }));
  t.strictSame(virtlet.asked('CreateContainer')[1]!['config'].image, { image: 'i' }, 'the default is no handler');
  t.equal((await node.call('ListContainers'))['containers'][0].image.runtime_handler, 'gvisor');
  const { code, message } = await node.fault('CreateContainer', create({ ...image, runtime_handler: 'other' }));
  t.equal(code, Code.InvalidArgument);
  t.match(message, /runtime handler "other" belongs to runtime other, but the call is for runtime virtlet/);
});

test('other values of the annotation that mean a runtime', async t => {
  const annotations = new Map([
    ['vm', 'virtlet'],
    ['plain', ''],
  ]);
  const node = startNode(['', 'virtlet'], { annotations, answers: { '': podRuntime('p'), virtlet: podRuntime('v') } });
  t.teardown(() => node.stop());
  const run = (target: string) => ({ config: { annotations: { [TARGET]: target } } });
  t.strictSame(await node.call('RunPodSandbox', run('vm')), { pod_sandbox_id: 'virtlet__v0' });
  t.strictSame(await node.call('RunPodSandbox', run('plain')), { pod_sandbox_id: 'p0' });
  t.strictSame(await node.call('RunPodSandbox', run('virtlet')), { pod_sandbox_id: 'virtlet__v1' });
  const { code, message } = await node.fault('RunPodSandbox', run('what'));
  t.equal(code, Code.InvalidArgument);
  t.match(message, 'use one of: virtlet, vm, plain');
});
