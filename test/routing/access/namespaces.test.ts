import { type Test, test } from 'tap';
import { ProxyError } from '../../../src/base/error.ts';
import { subjectOfEvent } from '../../../src/cri/read/ownership.ts';
import type { AccessRules } from '../../../src/routing/access/access-rules.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { idPaths, methodFact, methods } from '../../support/facts.ts';
import { type Answers, fakeRuntime, Source } from '../fakes.ts';
import { SOCKET, type SocketClient, startSocket } from './access-lab.ts';

const types = criTypes('runtime.v1');
const encode = (method: string, answer: Message) => types.encode(methodFact(method).response, answer);

/** A pod of a namespace with one container, which runs an image: pod, container and image have this name. */
interface Pod {
  readonly name: string;
  readonly namespace: string;
}

const sha = (name: string) => `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`;
const metadata = ({ name, namespace }: Pod) => ({ name, uid: `uid-${name}`, namespace });
const podItem = (pod: Pod) => ({ id: `pod-${pod.name}`, metadata: metadata(pod), created_at: 1 });
const containerItem = ({ name }: Pod) => ({
  id: `con-${name}`,
  pod_sandbox_id: `pod-${name}`,
  metadata: { name },
  image: { image: sha(name) },
  image_ref: sha(name),
});
const imageItem = ({ name }: Pod) => ({ id: sha(name), repo_tags: [`docker.io/library/${name}:latest`], size: 1 });
const podStats = (pod: Pod) => ({
  attributes: { id: `pod-${pod.name}`, metadata: metadata(pod) },
  linux: { containers: [containerStats(pod)] },
});
const containerStats = ({ name }: Pod) => ({ attributes: { id: `con-${name}`, metadata: { name } } });
const podMetrics = ({ name }: Pod) => ({
  pod_sandbox_id: `pod-${name}`,
  metrics: [{ name: 'm', label_values: [name] }],
});

/** A list by the filters that a runtime applies. */
function listed(items: readonly Message[], request: Message): Message[] {
  const { id = '', pod_sandbox_id = '' } = request['filter'] ?? {};
  return items.filter(item => item['id'].startsWith(id) && (item['pod_sandbox_id'] ?? '').startsWith(pod_sandbox_id));
}

/** The answers of a runtime with these pods. `events` feeds its stream. */
function answersOf(pods: readonly Pod[], events: Source): Answers {
  const decode = (method: string, bytes: Buffer): Message => types.decode(methodFact(method).request, bytes);
  const list = (method: string, field: string, items: readonly Message[]) => (bytes: Buffer) =>
    encode(method, { [field]: listed(items, decode(method, bytes)) });
  const all = (method: string, field: string, items: readonly Message[]) => encode(method, { [field]: items });
  const ok = (method: string) => encode(method, {});
  const find = (bytes: Buffer) => pods.find(({ name }) => bytes.includes(sha(name)) || bytes.includes(`/${name}:`));
  return {
    Version: encode('Version', {
      version: '0.1.0',
      runtime_name: 'x',
      runtime_version: '1',
      runtime_api_version: 'v1',
    }),
    ListPodSandbox: list('ListPodSandbox', 'items', pods.map(podItem)),
    ListContainers: list('ListContainers', 'containers', pods.map(containerItem)),
    ListImages: all('ListImages', 'images', pods.map(imageItem)),
    ListPodSandboxStats: all('ListPodSandboxStats', 'stats', pods.map(podStats)),
    ListContainerStats: all('ListContainerStats', 'stats', pods.map(containerStats)),
    ListPodSandboxMetrics: all('ListPodSandboxMetrics', 'pod_metrics', pods.map(podMetrics)),
    ListMetricDescriptors: encode('ListMetricDescriptors', { descriptors: [{ name: 'm', label_keys: ['k'] }] }),
    StreamPodSandboxes: pods.map(pod => encode('StreamPodSandboxes', { pod_sandboxes: [podItem(pod)] })),
    StreamContainers: pods.map(pod => encode('StreamContainers', { containers: [containerItem(pod)] })),
    StreamImages: pods.map(pod => encode('StreamImages', { images: [imageItem(pod)] })),
    StreamPodSandboxStats: pods.map(pod => encode('StreamPodSandboxStats', { pod_sandbox_stats: [podStats(pod)] })),
    StreamContainerStats: pods.map(pod => encode('StreamContainerStats', { container_stats: [containerStats(pod)] })),
    StreamPodSandboxMetrics: pods.map(pod =>
      encode('StreamPodSandboxMetrics', { pod_sandbox_metrics: [podMetrics(pod)] }),
    ),
    GetContainerEvents: () => events,
    ImageStatus: bytes => {
      const pod = find(bytes);
      return encode('ImageStatus', pod === undefined ? {} : { image: imageItem(pod), info: { config: pod.name } });
    },
    PullImage: encode('PullImage', { image_ref: sha('pulled') }),
    ImageFsInfo: encode('ImageFsInfo', { image_filesystems: [{ timestamp: 1 }] }),
    RunPodSandbox: encode('RunPodSandbox', { pod_sandbox_id: 'pod-new' }),
    RestorePod: encode('RestorePod', { pod_sandbox_id: 'pod-new' }),
    CreateContainer: encode('CreateContainer', { container_id: 'con-new' }),
    Exec: encode('Exec', { url: 'http://127.0.0.1:1/exec/token' }),
    Attach: encode('Attach', { url: 'http://127.0.0.1:1/attach/token' }),
    PortForward: encode('PortForward', { url: 'http://127.0.0.1:1/portforward/token' }),
    PodSandboxStatus: bytes => {
      const id = String(decode('PodSandboxStatus', bytes)['pod_sandbox_id']);
      return encode('PodSandboxStatus', { status: { id, metadata: { name: id } } });
    },
    ContainerStatus: bytes => {
      const id = String(decode('ContainerStatus', bytes)['container_id']);
      return encode('ContainerStatus', { status: { id, metadata: { name: id } } });
    },
    ...Object.fromEntries(
      methods
        .filter(({ method }) =>
          /^(?:Stop|Remove|Start|Update|Reopen|Checkpoint|ExecSync|PodSandboxStats|ContainerStats)/.test(method),
        )
        .map(({ method }) => [method, ok(method)]),
    ),
  };
}

const own = { name: 'web', namespace: 'team-a' };
const ownToo = { name: 'db', namespace: 'team-a-test' };
const foreign = { name: 'vault', namespace: 'kube-system' };
const foreignToo = { name: 'other', namespace: 'team-b' };

interface Lab extends SocketClient {
  readonly node: SocketClient;
  readonly primary: ReturnType<typeof fakeRuntime>;
  readonly alt: ReturnType<typeof fakeRuntime>;
  readonly events: Source;
}

/** Two runtimes, each with a pod of the allowed namespaces and one of others; the second's ids have a prefix. */
function start(t: Test, rules: Partial<AccessRules> = {}): Lab {
  const events = new Source();
  const primary = fakeRuntime('', { answers: answersOf([own, foreign], events) });
  const alt = fakeRuntime('alt', { answers: answersOf([foreignToo, ownToo], new Source()) });
  const socket = startSocket([primary, alt], { namespaces: ['team-a', 'team-a-*'], ...rules });
  t.teardown(() => socket.stop());
  return { ...socket, primary, alt, events };
}

function textOf(messages: readonly Message[]): string {
  return JSON.stringify(messages, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** All ids in the answers, as they stand. */
function idsIn(messages: readonly Message[]): string[] {
  const found = textOf(messages).match(/(?:alt__)?(?:pod|con)-\w+|sha256:\w+/g) ?? [];
  return [...new Set(found)].sort();
}

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
  test(`${method} has the pods of the namespaces, of both runtimes, and nothing of others`, async t => {
    const lab = start(t);
    const answers = await lab.ask(method);
    t.strictSame(idsIn(answers), ids);
    t.notMatch(textOf(answers), /vault|other|kube-system|team-b/);
    t.match(textOf(await lab.node.ask(method)), /vault/, 'they are there for the node');
  });
}

test('a filter for what is not own finds nothing', async t => {
  const lab = start(t);
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
  const lab = start(t);
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
  const lab = start(t);
  await lab.ask('ContainerStatus', { container_id: 'con-w' });
  const [asked] = lab.primary.askedFor('ContainerStatus');
  t.match(types.decode('ContainerStatusRequest', asked!.request), { container_id: 'con-web' }, 'it goes on in full');
  t.equal(await lab.code('ContainerStatus', { container_id: 'con-v' }), 5, 'of another one');
  t.equal(await lab.code('ContainerStatus', { container_id: 'con-' }), 0, 'of the only own one');
});

test('a second id in a request must be own too', async t => {
  const lab = start(t);
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
  const lab = start(t);
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

test('images are those that own containers use', async t => {
  const lab = start(t);
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

test('what belongs to the node is as it is', async t => {
  const lab = start(t);
  for (const method of ['Version', 'ImageFsInfo', 'ListMetricDescriptors']) {
    t.strictSame(await lab.ask(method), await lab.node.ask(method), method);
  }
});

test('the lists fail as those of the node do, and nothing is NotFound then', async t => {
  const lab = start(t);
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

const [created, deleted] = [0, 3];

test('events are those of own pods, also where an event does not name its pod', async t => {
  const lab = start(t);
  const { events } = lab;
  const event = (container_id: string, container_event_type: number, pod?: Pod) =>
    types.encode('ContainerEventResponse', {
      container_id,
      container_event_type,
      ...(pod && { pod_sandbox_status: { id: `pod-${pod.name}`, metadata: metadata(pod) } }),
    });
  const reading = lab.ask('GetContainerEvents');
  events.push(
    event('con-web', created, own),
    event('con-vault', created, foreign),
    event('con-web', deleted),
    event('con-vault', deleted),
    event('pod-web', deleted),
    event('pod-vault', deleted),
    event('con-late', created, { ...own, name: 'late' }),
    event('con-late', deleted),
    event('con-strange', deleted),
  );
  events.end();
  const seen: Message[] = [];
  await reading.then(
    messages => seen.push(...messages),
    fault => t.comment(String(fault)),
  );
  t.strictSame(
    seen.map(each => [each['container_id'], each['container_event_type']]),
    [
      ['con-web', 'CONTAINER_CREATED_EVENT'],
      ['con-web', 'CONTAINER_DELETED_EVENT'],
      ['pod-web', 'CONTAINER_DELETED_EVENT'],
      ['con-late', 'CONTAINER_CREATED_EVENT'],
      ['con-late', 'CONTAINER_DELETED_EVENT'],
    ],
  );
});

test('an event of Kubernetes 1.25 has the metadata of its pod in the place of the status', async t => {
  const inner = types.encode('PodSandboxMetadata', { name: 'n', uid: 'u', namespace: 'team-a' });
  const event = types.encode('ContainerEventResponse', { container_id: 'con-old', container_event_type: deleted });
  t.strictSame(subjectOfEvent(Buffer.concat([event, Buffer.from([0x22, inner.length]), inner])), {
    id: 'con-old',
    pod: '',
    namespace: 'team-a',
    isDeleted: true,
  });
});

test('a malformed request is InvalidArgument', async t => {
  const lab = start(t);
  t.equal(await lab.code('PodSandboxStatus', Buffer.from('0aff', 'hex')), 3);
});
