import type { Reply } from '../../base/call.ts';
import { keyOfItems, type ListName } from '../../cri/read/filter.ts';
import { advanceContainer, CONTAINER_EXITED, sandboxOf, stopSandbox } from '../../cri/read/state-records.ts';
import { Listing } from '../asking/kept-list.ts';
import type { Versions } from '../port/runtime.ts';
import { GoneIds } from './gone-ids.ts';
import { patchAll } from './list-changes.ts';
import { isOvergrown } from './overgrown.ts';
import { Placements } from './placements.ts';
import { PrefixUse } from './prefix-use.ts';
import { Pulls } from './pulls.ts';
import { ShownIds } from './shown-ids.ts';

/** The known pods, containers and images of one runtime, in its own names. */
export class Snapshot {
  readonly pods = new Listing(() => this.hearOfItems());
  readonly containers = new Listing(() => this.hearOfItems());
  readonly images = new Listing(() => this.onNews(), keyOfItems('ListImages'));
  readonly pulls = new Pulls(this.images);
  /** Removals of images that the runtime has not answered yet, by the image's handler and name. */
  readonly removals = new Map<string, Promise<Reply>>();
  readonly prefixUse = new PrefixUse();
  readonly shownIds = new ShownIds();
  readonly placements = new Placements();
  /** Whether an operator has retired the runtime: it takes no new pods. */
  retiring = false;
  /** The runtime handlers that clients asked for, by the ids of their pods; see rememberHandler. */
  readonly askedHandlers = new Map<string, string>();
  /** The items that were removed while calls were under way. */
  readonly gone = new GoneIds();
  /** Whether the runtime has ever been up on this node. */
  seen = false;
  /** Its last greeting; empty before the first one. */
  versions: Versions = new Map();
  /** Called when there may be something to write down that no call has changed. */
  onNews: () => void = () => {};

  /** Whether its pods are known. A runtime that was seen and whose pods are unknown may have any pod. */
  get known(): boolean {
    return this.pods.takenAt !== undefined;
  }

  get mayHaveAnyPod(): boolean {
    return this.seen && !this.known;
  }

  /** The snapshot of a runtime that has left this node for good: it has no items. */
  forget(): void {
    for (const listing of [this.pods, this.containers, this.images]) listing.clear();
    this.askedHandlers.clear();
    this.prefixUse.containers.clear();
    this.prefixUse.images.clear();
    this.shownIds.clear();
    this.placements.clear();
    this.versions = new Map();
    this.seen = false;
  }

  /** A copy of the lists, for a runtime that replaces this one, until it answers. */
  standIn(): Snapshot {
    const copy = new Snapshot();
    for (const list of ['ListPodSandbox', 'ListContainers', 'ListImages'] as const) {
      const { takenAt } = this.of(list);
      if (takenAt !== undefined)
        copy.of(list).set(
          this.of(list).list(() => true),
          takenAt,
        );
    }
    for (const [pod, handler] of this.askedHandlers) copy.askedHandlers.set(pod, handler);
    for (const [id, prefix] of this.prefixUse.containers) copy.prefixUse.containers.set(id, prefix);
    for (const id of this.prefixUse.images) copy.prefixUse.images.add(id);
    for (const [own, prefix] of this.shownIds.entries()) copy.shownIds.set(own, prefix);
    for (const [uid, reason] of this.placements.entries()) copy.placements.set(uid, reason);
    copy.retiring = this.retiring;
    copy.seen = this.seen;
    return copy;
  }

  of(list: ListName): Listing {
    return { ListPodSandbox: this.pods, ListContainers: this.containers, ListImages: this.images }[list];
  }

  /** Notes the client's name of the handler: the runtime lists its own name, which several names of clients may mean. */
  rememberHandler(pod: string, asked: string): void {
    if (isOvergrown(this.askedHandlers.size, this.pods)) this.forgetHandlers();
    this.askedHandlers.set(pod, asked);
    this.pods.renew();
  }

  /** Drops the handlers of pods that went without a call. */
  private forgetHandlers(): void {
    for (const pod of this.askedHandlers.keys()) if (!this.pods.index().has(pod)) this.askedHandlers.delete(pod);
  }

  /** The runtime's ids have had the prefix `before` and get `after` from now on; known pods and containers keep the id that they have. */
  keepShownIds(before: string, after: string): void {
    this.shownIds.turn([...this.pods.index().keys(), ...this.containers.index().keys()], before, after);
    this.pods.renew();
    this.containers.renew();
  }

  private hearOfItems(): void {
    if (this.shownIds.size > 0) this.forgetShownIds();
    this.onNews();
  }

  /** Drops the shown ids of items that are in no list. A listed container names its pod, so that pod is known too. */
  private forgetShownIds(): void {
    const { pods, containers } = this;
    if (pods.takenAt === undefined || containers.takenAt === undefined) return;
    const known = new Set([...pods.index().keys(), ...containers.index().keys()]);
    for (const container of containers.index().values()) known.add(sandboxOf(container));
    this.shownIds.keepOnly(known);
  }

  /** Marks all items as stopped: after a reboot of the node none of them runs. */
  stopEverything(): void {
    this.pods.change(patchAll(stopSandbox));
    this.containers.change(patchAll(item => advanceContainer(item, CONTAINER_EXITED)));
  }
}
