import type { Reply } from '../base/call.ts';
import { isImage, type ListName } from '../cri/filter.ts';
import { readBytes, readString } from '../cri/listing.ts';
import type { Effect } from '../cri/methods.ts';
import {
  advanceContainer,
  CONTAINER_EXITED,
  CONTAINER_RUNNING,
  containerFromRequest,
  sandboxFromRequest,
  sandboxOf,
  stopSandbox,
} from '../cri/state-records.ts';
import { type Change, Listing } from './listing.ts';
import { PrefixUse } from './prefix-use.ts';
import { Pulls } from './pulls.ts';

/** From how many remembered handlers on those of pods that are gone are looked for. */
const MANY = 200;

/** What is known of the pods, containers and images of one runtime, in its own names. */
export class Snapshot {
  readonly pods = new Listing();
  readonly containers = new Listing();
  readonly images = new Listing();
  readonly pulls = new Pulls(this.images);
  /** Removals of images that the runtime has not answered yet, by the image's name. */
  readonly removals = new Map<string, Promise<Reply>>();
  readonly prefixUse = new PrefixUse();
  /** The runtime handlers that clients asked for, by the ids of their pods; see rememberHandler. */
  readonly askedHandlers = new Map<string, string>();

  /** Whether the runtime has ever given its lists on this node. */
  get known(): boolean {
    return this.pods.takenAt !== undefined;
  }

  of(list: ListName): Listing {
    return { ListPodSandbox: this.pods, ListContainers: this.containers, ListImages: this.images }[list];
  }

  /** What the runtime lists is its own name of the handler, and several names of clients may mean that. */
  rememberHandler(pod: string, asked: string): void {
    if (this.askedHandlers.size > MANY && this.askedHandlers.size > 2 * this.pods.index().size) this.forgetHandlers();
    this.askedHandlers.set(pod, asked);
    this.pods.renew();
  }

  /** Drops those of pods that went without a call. */
  private forgetHandlers(): void {
    if (this.pods.takenAt === undefined) return;
    for (const pod of this.askedHandlers.keys()) if (!this.pods.index().has(pod)) this.askedHandlers.delete(pod);
  }

  /** Follows a call that the runtime has answered with OK. Request and answer are in its own names; `now` in ms. */
  follow(effect: Exclude<Effect, 'refresh'>, request: Buffer, answer: Buffer, now: number): void {
    const id = readString(request, 1);
    const made = readString(answer, 1);
    switch (effect) {
      case 'addPod':
        this.pods.change(add(made, () => sandboxFromRequest(request, made, now)));
        break;
      case 'stopPod':
        this.pods.change(patch(id, stopSandbox));
        this.containers.change(patchOfPod(id, item => advanceContainer(item, CONTAINER_EXITED)));
        break;
      case 'removePod':
        this.pods.change(remove(id));
        this.askedHandlers.delete(id);
        this.containers.change(patchOfPod(id, () => undefined));
        break;
      case 'addContainer':
        this.containers.change(add(made, () => containerFromRequest(request, made, now)));
        break;
      case 'startContainer':
        this.containers.change(patch(id, item => advanceContainer(item, CONTAINER_RUNNING)));
        break;
      case 'stopContainer':
        this.containers.change(patch(id, item => advanceContainer(item, CONTAINER_EXITED)));
        break;
      case 'removeContainer':
        this.containers.change(remove(id));
        break;
      case 'removeImage':
        this.images.change(removeImage(readString(readBytes(request, 1) ?? Buffer.alloc(0), 1)));
    }
  }

  /** After the node has started anew nothing runs, whatever the runtime says when it is up again. */
  stopEverything(): void {
    this.pods.change(patchAll(stopSandbox));
    this.containers.change(patchAll(item => advanceContainer(item, CONTAINER_EXITED)));
  }
}

/** What the runtime itself has listed is better than what the request says. */
function add(id: string, make: () => Buffer): Change {
  return items => {
    if (id !== '' && !items.has(id)) items.set(id, make());
  };
}

function remove(id: string): Change {
  return items => void items.delete(id);
}

function patch(id: string, change: (item: Buffer) => Buffer): Change {
  return items => {
    const item = items.get(id);
    if (item !== undefined) items.set(id, change(item));
  };
}

function patchAll(change: (item: Buffer) => Buffer): Change {
  return items => {
    for (const [id, item] of items) items.set(id, change(item));
  };
}

/** Undefined takes the container out. */
function patchOfPod(pod: string, change: (item: Buffer) => Buffer | undefined): Change {
  return items => {
    for (const [id, item] of [...items]) {
      if (sandboxOf(item) !== pod) continue;
      const changed = change(item);
      if (changed === undefined) items.delete(id);
      else items.set(id, changed);
    }
  };
}

/** A runtime that only takes the name off an image lists the rest of it the next time. */
function removeImage(name: string): Change {
  return items => {
    for (const [id, item] of [...items]) if (isImage(item, name)) items.delete(id);
  };
}
