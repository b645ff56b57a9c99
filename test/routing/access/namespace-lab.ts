import type { AccessRules } from '../../../src/routing/access/access-rules.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methods, type Package } from '../../support/facts.ts';
import { type Answers, fakeRuntime, Source } from '../fakes.ts';
import { type SocketClient, startSocket } from './access-lab.ts';

/** What a test takes of tap. */
interface Teardown {
  teardown(end: () => unknown): void;
}

export const types = criTypes('runtime.v1');
const encode = (method: string, answer: Message) => types.encode(methodFact(method).response, answer);

/** A pod of a namespace with one container, which runs an image: pod, container and image have this name. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
}

export const sha = (name: string) => `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`;
export const metadata = ({ name, namespace }: Pod) => ({ name, uid: `uid-${name}`, namespace });
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

/** Whether an id passes a filter, as in containerd: the beginning of one id of all, else the whole id, or no filter. */
function passes(id: string, wanted: string, all: readonly string[]): boolean {
  if (wanted === '' || id === wanted) return true;
  return id.startsWith(wanted) && new Set(all.filter(each => each.startsWith(wanted))).size === 1;
}

/** A list by the filters that a runtime applies. */
function listed(items: readonly Message[], request: Message): Message[] {
  const { id = '', pod_sandbox_id = '' } = request['filter'] ?? {};
  const of = (field: string) => items.map(item => item[field] ?? '');
  return items.filter(
    item =>
      passes(item['id'], id, of('id')) && passes(item['pod_sandbox_id'] ?? '', pod_sandbox_id, of('pod_sandbox_id')),
  );
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

export const own = { name: 'web', namespace: 'team-a' };
export const ownToo = { name: 'db', namespace: 'team-a-test' };
export const foreign = { name: 'vault', namespace: 'kube-system' };
const foreignToo = { name: 'other', namespace: 'team-b' };

/** A client of the own namespaces, over two runtimes. */
export interface NamespaceLab extends SocketClient {
  readonly node: SocketClient;
  readonly primary: ReturnType<typeof fakeRuntime>;
  readonly alt: ReturnType<typeof fakeRuntime>;
  readonly events: Source;
}

export interface NamespaceOptions {
  readonly rules?: Partial<AccessRules>;
  /** Of the client; the runtimes serve runtime.v1. */
  readonly pkg?: Package;
  /** Further pods of the primary. */
  readonly pods?: readonly Pod[];
}

/** Two runtimes, each with a pod of the allowed namespaces and one of others; the second's ids have a prefix. */
export function startNamespaces(t: Teardown, { rules, pkg, pods = [] }: NamespaceOptions = {}): NamespaceLab {
  const events = new Source();
  const primary = fakeRuntime('', { answers: answersOf([own, foreign, ...pods], events) });
  const alt = fakeRuntime('alt', { answers: answersOf([foreignToo, ownToo], new Source()) });
  const socket = startSocket([primary, alt], { namespaces: ['team-a', 'team-a-*'], ...rules }, pkg);
  t.teardown(() => socket.stop());
  return { ...socket, primary, alt, events };
}

export function textOf(messages: readonly Message[]): string {
  return JSON.stringify(messages, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** All ids in the answers, as they stand. */
export function idsIn(messages: readonly Message[]): string[] {
  const found = textOf(messages).match(/(?:alt__)?(?:pod|con)-\w+|sha256:\w+/g) ?? [];
  return [...new Set(found)].sort();
}
