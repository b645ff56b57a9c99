import type { CallOptions, Service } from '../../base/call.ts';
import { globMatcher } from '../../base/glob.ts';
import { usedBy } from '../../cri/read/image-use.ts';
import { podNameOf } from '../../cri/read/item-names.ts';
import { idFilterRequest, itemsById } from '../../cri/read/listing.ts';
import type { Subject } from '../../cri/read/ownership.ts';
import { sandboxOf } from '../../cri/read/state-records.ts';
import type { Package } from '../../cri/translate/packages.ts';

const everything: Buffer = Buffer.alloc(0);

type ListName = 'ListPodSandbox' | 'ListContainers';

/** Decides whether pods of a namespace exist for the clients. */
export type OwnNamespace = (namespace: string) => boolean;

export function ownNamespace(globs: readonly string[]): OwnNamespace {
  const matchers = globs.map(globMatcher);
  return namespace => matchers.some(matches => matches(namespace));
}

/**
 * Which pods and containers exist for one call, as the lists of the service say it. An id that is in no list belongs to no namespace.
 * Every function rejects as the lists do, so that a runtime that is down is Unavailable, and never NotFound.
 */
export class OwnPods {
  private readonly service: Service;
  private readonly client: Package;
  private readonly options: CallOptions;
  private readonly isOwn: OwnNamespace;
  /** Whether a pod is own, by its id; the pod of a container. */
  private pods = new Map<string, boolean>();
  private containers = new Map<string, string>();

  constructor(service: Service, client: Package, options: CallOptions, isOwn: OwnNamespace) {
    this.service = service;
    this.client = client;
    this.options = options;
    this.isOwn = isOwn;
  }

  /** Notes the pods of a ListPodSandboxResponse. */
  learnPods(list: Buffer): void {
    for (const [id, pod] of itemsById(list)) this.learnPod(id, podNameOf(pod).namespace);
  }

  learnPod(id: string, namespace: string): void {
    this.pods.set(id, this.isOwn(namespace));
  }

  learnContainer(id: string, pod: string): void {
    this.containers.set(id, pod);
  }

  forget(id: string): void {
    this.pods.delete(id);
    this.containers.delete(id);
  }

  /** Asks the lists, if one of these is not known. */
  async know(subjects: readonly Subject[]): Promise<void> {
    if (subjects.every(subject => this.find(subject) !== undefined)) return;
    await this.refresh();
  }

  /** Whether a pod or container exists for the client, as far as it is known. */
  owns(subject: Subject): boolean {
    return this.find(subject) ?? false;
  }

  /** Undefined: not known. */
  find({ kind, id }: Subject): boolean | undefined {
    const pod = kind === 'pod' ? id : this.containers.get(id);
    return pod === undefined ? undefined : this.pods.get(pod);
  }

  /** The containers first: each has its pod in a list of pods that is asked for later, if it still is. */
  async refresh(): Promise<ReadonlyMap<string, Buffer>> {
    const containers = itemsById(await this.list('ListContainers', everything));
    for (const [id, container] of containers) this.learnContainer(id, sandboxOf(container));
    this.learnPods(await this.list('ListPodSandbox', everything));
    return containers;
  }

  /**
   * The only own pod or container whose id is this, or begins so; undefined if there is none, or more than one. Runtimes find the
   * beginning of an id among all items, so the own items are looked through here: others must not make it ambiguous.
   */
  async resolve({ kind, id }: Subject): Promise<string | undefined> {
    if (id === '') return undefined;
    const found = itemsById(await this.list(kind === 'pod' ? 'ListPodSandbox' : 'ListContainers', idFilterRequest(id)));
    const item = found.get(id);
    if (item !== undefined && (await this.isOwnItem(kind, item))) return id;
    await this.refresh();
    const known = kind === 'pod' ? this.pods.keys() : this.containers.keys();
    const own = [...known].filter(each => each.startsWith(id) && this.owns({ kind, id: each }));
    return own.length === 1 ? own[0] : undefined;
  }

  /** Decides whether an Image is used by a container of an own pod. */
  async images(): Promise<(image: Buffer) => boolean> {
    const containers = [...(await this.refresh())];
    return usedBy(containers.filter(([id]) => this.owns({ kind: 'container', id })).map(([, container]) => container));
  }

  private async isOwnItem(kind: Subject['kind'], item: Buffer): Promise<boolean> {
    if (kind === 'pod') return this.isOwn(podNameOf(item).namespace);
    const pod = sandboxOf(item);
    const found = itemsById(await this.list('ListPodSandbox', idFilterRequest(pod))).get(pod);
    return found !== undefined && this.isOwn(podNameOf(found).namespace);
  }

  private async list(name: ListName, request: Buffer): Promise<Buffer> {
    return this.ask(`/${this.client}.RuntimeService/${name}`, request);
  }

  /** The answer of a unary method of the service. */
  async ask(path: string, request: Buffer): Promise<Buffer> {
    const method = this.service(path);
    if (method?.kind !== 'unary') throw new Error(`no unary method ${path}`);
    return (await method.handle(request, this.options)).message;
  }
}
