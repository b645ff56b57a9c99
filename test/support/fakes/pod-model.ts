import { createHash } from 'node:crypto';
import type { Message } from '../cri-types.ts';
import type { Failure } from '../fake-runtime.ts';

/** The state of a PodModel, as v8 can serialize it. */
export interface PodState {
  made: number;
  readonly pods: Map<string, Message>;
  readonly containers: Map<string, Message>;
  readonly images: Map<string, Message>;
}

/** `id`: the id of the container, or of the pod sandbox itself; `type`: a ContainerEventType. */
export type LifeListener = (id: string, type: string, pod: Message) => void;

const UNKNOWN = 2;
const NOT_FOUND = 5;

/** The state and the methods of a runtime, as decoded messages, without running anything: lists are compared with this model. */
export class PodModel {
  readonly name: string;
  readonly state: PodState;
  /** The UpdateRuntimeConfig requests, in order. */
  readonly configs: Message[] = [];
  /** Called after each change. */
  onChange: () => void = () => {};
  readonly listeners = new Set<LifeListener>();

  constructor(name: string, state?: PodState) {
    this.name = name;
    this.state = state ?? { made: 0, pods: new Map(), containers: new Map(), images: new Map() };
  }

  /** The answer to a unary call, with the field names of the tables; throws a Failure. Undefined: no such method here. */
  handle(method: string, request: Message): Message | undefined {
    const answer = this.answers[method]?.(request);
    if (changing.has(method)) this.onChange();
    return answer;
  }

  /** The unary list that a streaming method sends in parts. */
  static unaryOf(method: string): string | undefined {
    return streamed[method];
  }

  static isChange(method: string): boolean {
    return changing.has(method);
  }

  private readonly answers: Record<string, (request: Message) => Message> = {
    Version: () => ({ version: '0.1.0', runtime_name: this.name, runtime_version: '1.0', runtime_api_version: 'v1' }),
    Status: () => ({ status: { conditions: [{ type: 'RuntimeReady', status: true }] } }),
    UpdateRuntimeConfig: ({ runtime_config }) => {
      this.configs.push(runtime_config);
      return {};
    },

    RunPodSandbox: ({ config, runtime_handler = '' }) => {
      const { metadata, labels = {}, annotations = {} } = config;
      const id = this.newId('pod');
      const pod = { id, metadata, labels, annotations, runtime_handler, state: 'SANDBOX_READY', created_at: 7 };
      this.state.pods.set(id, pod);
      this.tell(id, 'CONTAINER_CREATED_EVENT', pod);
      this.tell(id, 'CONTAINER_STARTED_EVENT', pod);
      return { pod_sandbox_id: id };
    },
    StopPodSandbox: ({ pod_sandbox_id }) => {
      const pod = this.pod(pod_sandbox_id);
      for (const container of this.inPod(pod['id'])) this.exit(container);
      if (pod['state'] === 'SANDBOX_READY') {
        pod['state'] = 'SANDBOX_NOTREADY';
        this.tell(pod['id'], 'CONTAINER_STOPPED_EVENT', pod);
      }
      return {};
    },
    RemovePodSandbox: ({ pod_sandbox_id }) => {
      const pod = find(this.state.pods, pod_sandbox_id);
      if (pod === undefined) return {};
      for (const { id } of this.inPod(pod['id'])) this.answers['RemoveContainer']!({ container_id: id });
      this.state.pods.delete(pod['id']);
      this.tell(pod['id'], 'CONTAINER_DELETED_EVENT', pod);
      return {};
    },
    PodSandboxStatus: ({ pod_sandbox_id }) => ({ status: statusOfPod(this.pod(pod_sandbox_id)) }),
    ListPodSandbox: ({ filter }) => ({ items: [...this.state.pods.values()].filter(item => passes(item, filter)) }),

    CreateContainer: ({ pod_sandbox_id, config: { metadata, image, labels = {}, annotations = {} } }) => {
      const pod = this.pod(pod_sandbox_id);
      const id = this.newId('container');
      const image_id = this.named(image.image)[0]?.['id'] ?? image.image;
      const refs = { image, image_ref: image_id, image_id };
      const made = { state: 'CONTAINER_CREATED', created_at: 7, labels, annotations };
      this.state.containers.set(id, { id, pod_sandbox_id: pod['id'], metadata, ...refs, ...made });
      this.tell(id, 'CONTAINER_CREATED_EVENT', pod);
      return { container_id: id };
    },
    StartContainer: ({ container_id }) => {
      const container = this.container(container_id);
      if (container['state'] !== 'CONTAINER_CREATED')
        throw { code: UNKNOWN, message: `is ${container['state']}` } satisfies Failure;
      container['state'] = 'CONTAINER_RUNNING';
      this.tell(container['id'], 'CONTAINER_STARTED_EVENT', this.pod(container['pod_sandbox_id']));
      return {};
    },
    StopContainer: ({ container_id }) => {
      this.exit(this.container(container_id));
      return {};
    },
    RemoveContainer: ({ container_id }) => {
      const container = find(this.state.containers, container_id);
      if (container === undefined) return {};
      this.state.containers.delete(container['id']);
      this.tell(container['id'], 'CONTAINER_DELETED_EVENT', this.state.pods.get(container['pod_sandbox_id'])!);
      return {};
    },
    ContainerStatus: ({ container_id }) => ({ status: statusOfContainer(this.container(container_id)) }),
    ListContainers: ({ filter }) => ({
      containers: [...this.state.containers.values()].filter(item => passes(item, filter)),
    }),
    ListContainerStats: () => ({ stats: [...this.state.containers.keys()].map(id => ({ attributes: { id } })) }),

    PullImage: ({ image: { image } }) => {
      // An image has the same id in every runtime.
      const id = `sha256:${createHash('sha256').update(image).digest('hex')}`;
      this.state.images.set(id, { id, repo_tags: [image], size: 10 });
      return { image_ref: id };
    },
    RemoveImage: ({ image: { image } }) => {
      for (const { id } of this.named(image)) this.state.images.delete(id);
      return {};
    },
    ImageStatus: ({ image: { image } }) => {
      const [found] = this.named(image);
      return found === undefined ? {} : { image: found };
    },
    ListImages: ({ filter }) => ({
      images: filter?.image?.image ? this.named(filter.image.image) : [...this.state.images.values()],
    }),
  };

  private exit(container: Message): void {
    if (container['state'] === 'CONTAINER_EXITED') return;
    container['state'] = 'CONTAINER_EXITED';
    this.tell(container['id'], 'CONTAINER_STOPPED_EVENT', this.pod(container['pod_sandbox_id']));
  }

  private tell(id: string, type: string, pod: Message): void {
    for (const listener of [...this.listeners]) listener(id, type, pod);
  }

  private inPod(id: string): Message[] {
    return [...this.state.containers.values()].filter(item => item['pod_sandbox_id'] === id);
  }

  private named(name: string): Message[] {
    return [...this.state.images.values()].filter(item => item['id'] === name || item['repo_tags'].includes(name));
  }

  private pod(id: string): Message {
    return find(this.state.pods, id) ?? missing('pod sandbox', id);
  }

  private container(id: string): Message {
    return find(this.state.containers, id) ?? missing('container', id);
  }

  private newId(kind: string): string {
    return this.hash(`${kind} ${++this.state.made}`);
  }

  private hash(text: string): string {
    return createHash('sha256').update(`${this.name} ${text}`).digest('hex');
  }
}

const changing = new Set([
  'RunPodSandbox',
  'StopPodSandbox',
  'RemovePodSandbox',
  'CreateContainer',
  'StartContainer',
  'StopContainer',
  'RemoveContainer',
  'PullImage',
  'RemoveImage',
  'UpdateRuntimeConfig',
]);

const streamed: Readonly<Record<string, string>> = {
  StreamPodSandboxes: 'ListPodSandbox',
  StreamContainers: 'ListContainers',
  StreamImages: 'ListImages',
};

/** PodSandboxFilter and ContainerFilter as containerd applies them: the beginning of an id is enough. */
export function passes(item: Message, filter: Message | undefined | null): boolean {
  if (!filter) return true;
  const { id = '', state, pod_sandbox_id = '', label_selector = {} } = filter;
  if (!item['id'].startsWith(id)) return false;
  if (state && item['state'] !== (state.state ?? firstState(item))) return false;
  if (pod_sandbox_id !== '' && item['pod_sandbox_id']?.startsWith(pod_sandbox_id) !== true) return false;
  return Object.entries(label_selector).every(([key, value]) => item['labels'][key] === value);
}

function firstState(item: Message): string {
  return 'pod_sandbox_id' in item ? 'CONTAINER_CREATED' : 'SANDBOX_READY';
}

export function statusOfPod({ id, metadata, state, created_at, labels, annotations }: Message): Message {
  return { id, metadata, state, created_at, labels, annotations };
}

export function statusOfContainer({ id, metadata, state, created_at, image, image_ref, labels }: Message): Message {
  return { id, metadata, state, created_at, image, image_ref, labels };
}

/** Finds an item by its whole id or the beginning, as containerd and CRI-O do. */
function find(items: ReadonlyMap<string, Message>, id: string): Message | undefined {
  const exact = items.get(id);
  if (exact !== undefined || id === '') return exact;
  const [found, other] = [...items.values()].filter(item => item['id'].startsWith(id));
  return other === undefined ? found : undefined;
}

function missing(kind: string, id: string): never {
  throw { code: NOT_FOUND, message: `no ${kind} ${id}` } satisfies Failure;
}
