import { test } from 'tap';
import { ProxyError } from '../../../src/base/error.ts';
import type { Message } from '../../support/cri-types.ts';
import { idPaths, methodFact, methods } from '../../support/facts.ts';
import { SOCKET } from './access-lab.ts';
import { idsIn, sha, startNamespaces, textOf, types } from './namespace-lab.ts';

const ownPods = ['alt__pod-db', 'pod-web'];
const ownContainers = ['alt__con-db', 'con-web'];
const ownImages = [sha('db'), sha('web')].sort();
const both = [...ownContainers, ...ownPods].sort();

const lists: ReadonlyArray<readonly [method: string, ids: readonly string[]]> = [
  ['ListPodSandbox', ownPods],
  ['StreamPodSandboxes', ownPods],
  ['ListContainers', [...both, ...ownImages].sort()],
  ['StreamContainers', [...both, ...ownImages].sort()],
  ['ListContainerStats', ownContainers],
  ['StreamContainerStats', ownContainers],
  ['ListPodSandboxStats', both],
  ['StreamPodSandboxStats', both],
  ['ListPodSandboxMetrics', ownPods],
  ['StreamPodSandboxMetrics', ownPods],
  ['ListImages', ownImages],
  ['StreamImages', ownImages],
];

for (const [method, ids] of lists) {
  for (const pkg of methodFact(method).packages) {
    test(`${method} of ${pkg} has the pods of the namespaces, of both runtimes, and nothing of others`, async t => {
      const lab = startNamespaces(t, { pkg });
      const answers = await lab.ask(method);
      t.strictSame(idsIn(answers), ids);
      t.notMatch(textOf(answers), /vault|other|kube-system|team-b/);
      t.match(textOf(await lab.node.ask(method)), /vault/, 'they are there for the node');
    });
  }
}

test('a filter for a foreign pod or container finds nothing', async t => {
  const lab = startNamespaces(t);
  for (const filter of [{ id: 'con-vault' }, { pod_sandbox_id: 'pod-vault' }]) {
    t.strictSame(idsIn(await lab.ask('ListContainers', { filter })), []);
    t.not(idsIn(await lab.node.ask('ListContainers', { filter })).length, 0, 'it is there');
  }
});

/** A request of a method that is for a pod or container; undefined for any other method. */
function requestFor(method: string, pod: string, container: string): Message | undefined {
  const [kind] = idPaths.filter(
    path => path.method === method && path.side === 'request' && path.segments.length === 1,
  );
  if (method === 'CheckpointPod') return { pod_sandbox_id: pod, container_ids: [container] };
  if (kind?.kind === 'pod') return { pod_sandbox_id: pod };
  return kind?.kind === 'container' ? { container_id: container } : undefined;
}

test('each call for a pod or container finds its own, and is NotFound for every other, be it there or not', async t => {
  const lab = startNamespaces(t);
  const calls = methods.filter(({ method }) => requestFor(method, 'p', 'c') !== undefined);
  t.equal(calls.length, 19, calls.map(({ method }) => method).join(' '));
  for (const { method } of calls) {
    const asked = () => lab.primary.askedFor(method).length + lab.alt.askedFor(method).length;
    for (const name of ['vault', 'none']) {
      const before = asked();
      const request = requestFor(method, `pod-${name}`, `con-${name}`)!;
      const error = await lab.ask(method, request).then(
        () => undefined,
        (fault: Error & { code: number }) => fault,
      );
      t.equal(error?.code, 5, `${method} for ${name}`);
      t.match(error?.message, new RegExp(`^criproxy: no (?:pod|container) "(?:pod|con)-${name}" on ${SOCKET}$`));
      t.equal(asked(), before, 'no runtime is asked');
    }
    t.equal(await lab.code(method, requestFor(method, 'pod-web', 'con-web')), 0, `${method} for an own one`);
    t.equal(
      await lab.code(method, requestFor(method, 'alt__pod-db', 'alt__con-db')),
      0,
      `${method} on another runtime`,
    );
    t.equal(await lab.code(method, requestFor(method, '', '')), 5, `${method} for nothing`);
  }
});

test('the beginning of an id is that of an own one', async t => {
  const lab = startNamespaces(t);
  await lab.ask('ContainerStatus', { container_id: 'con-w' });
  const [asked] = lab.primary.askedFor('ContainerStatus');
  t.match(types.decode('ContainerStatusRequest', asked!.request), { container_id: 'con-web' }, 'it goes on in full');
  t.equal(await lab.code('ContainerStatus', { container_id: 'con-v' }), 5, 'of another one');
  t.equal(await lab.code('ContainerStatus', { container_id: 'con-' }), 0, 'of the only own one');
});

test('a second id in a request must be own too', async t => {
  const lab = startNamespaces(t);
  const target = (id: string) => ({
    pod_sandbox_id: 'pod-web',
    config: { linux: { security_context: { namespace_options: { target_id: id } } } },
  });
  t.equal(await lab.code('CreateContainer', target('con-vault')), 5);
  t.equal(await lab.code('CreateContainer', target('con-web')), 0);
  const checkpoint = { pod_sandbox_id: 'pod-web', container_ids: ['con-web', 'con-vault'] };
  t.equal(await lab.code('CheckpointPod', checkpoint), 5);
  const twice = ['pod-web', 'pod-vault'].map(id => types.encode('PodSandboxStatusRequest', { pod_sandbox_id: id }));
  t.equal(await lab.code('PodSandboxStatus', Buffer.concat(twice)), 5, 'the last of two counts');
  t.equal(await lab.code('PodSandboxStatus', Buffer.concat(twice.reverse())), 5);
});

test('pods are made in the own namespaces alone', async t => {
  const lab = startNamespaces(t);
  const config = (namespace: string) => ({ metadata: { name: 'new', uid: 'u', namespace } });
  for (const method of ['RunPodSandbox', 'RestorePod']) {
    t.equal(await lab.code(method, { config: config('team-a') }), 0, method);
    await t.rejects(lab.ask(method, { config: config('kube-system') }), {
      code: 7,
      message: `criproxy: ${SOCKET} is not for pods of the namespace "kube-system"`,
    });
    t.equal(await lab.code(method, { config: config('') }), 7, method);
  }
  const container = { pod_sandbox_id: 'pod-web', config: {}, sandbox_config: config('kube-system') };
  t.equal(await lab.code('CreateContainer', container), 7);
  t.equal(await lab.code('PullImage', { image: { image: 'x' }, sandbox_config: config('team-b') }), 7);
  t.equal(await lab.code('PullImage', { image: { image: 'x' }, sandbox_config: config('team-a') }), 0);
  t.equal(await lab.code('UpdateRuntimeConfig', { runtime_config: {} }), 7, 'a change of the node');
});

test('only images of own containers are visible', async t => {
  const lab = startNamespaces(t);
  const status = async (image: string) => (await lab.ask('ImageStatus', { image: { image }, verbose: true }))[0]!;
  t.match(await status(sha('web')), { image: { id: sha('web') }, info: { config: 'web' } });
  for (const image of [sha('vault'), 'docker.io/library/vault:latest', sha('none')]) {
    t.strictSame(await status(image), types.decode('ImageStatusResponse', Buffer.alloc(0), { defaults: true }), image);
    t.equal(await lab.code('RemoveImage', { image: { image } }), 5, image);
  }
  const used = { image: { image: sha('web') } };
  const onNode = await lab.node.code('RemoveImage', used);
  t.not(onNode, 5);
  t.equal(await lab.code('RemoveImage', used), onNode, 'an own one is removed as on the node');
});

test('answers about the node are unchanged', async t => {
  const lab = startNamespaces(t);
  for (const method of ['Version', 'ImageFsInfo', 'ListMetricDescriptors']) {
    t.strictSame(await lab.ask(method), await lab.node.ask(method), method);
  }
});

test('lists fail like the node’s own lists, and then no call is NotFound', async t => {
  const lab = startNamespaces(t);
  for (const list of ['ListPodSandbox', 'ListContainers']) {
    lab.primary.answers[list] = new ProxyError(14, 'the runtime does not answer');
  }
  for (const [method, request] of [
    ['PodSandboxStatus', { pod_sandbox_id: 'pod-none' }],
    ['ListContainerStats', {}],
    ['ListPodSandbox', {}],
  ] as const) {
    t.equal(await lab.code(method, request), 14, method);
  }
});

test('a malformed request is InvalidArgument', async t => {
  const lab = startNamespaces(t);
  t.equal(await lab.code('PodSandboxStatus', Buffer.from('0aff', 'hex')), 3);
});
