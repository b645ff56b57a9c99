import { steadyNow } from '../../base/steady-clock.ts';
import type { ListName } from '../../cri/read/filter.ts';
import { removedImage } from '../../cri/read/image-answers.ts';
import { idOf } from '../../cri/read/listing.ts';
import {
  advanceContainer,
  CONTAINER_EXITED,
  CONTAINER_RUNNING,
  containerFromRequest,
  RESTORE_POD,
  RUN_POD,
  sandboxFromRequest,
  sandboxOf,
  stopSandbox,
} from '../../cri/read/state-records.ts';
import type { Effect } from '../../cri/tables/methods.ts';
import type { Listing } from '../asking/kept-list.ts';
import { FULL_ID } from '../port/names.ts';
import { add, patch, patchOfPod, remove, removeImage } from './list-changes.ts';
import type { Snapshot } from './snapshot.ts';

/** The lists that a call with this effect may change. */
const changed: Readonly<Record<Effect, readonly ListName[]>> = {
  addPod: ['ListPodSandbox'],
  stopPod: ['ListPodSandbox', 'ListContainers'],
  removePod: ['ListPodSandbox', 'ListContainers'],
  addContainer: ['ListContainers'],
  startContainer: ['ListContainers'],
  stopContainer: ['ListContainers'],
  removeContainer: ['ListContainers'],
  pullImage: ['ListImages'],
  removeImage: ['ListImages'],
  restorePod: ['ListPodSandbox', 'ListContainers', 'ListImages'],
};

const nothing: readonly ListName[] = [];

/**
 * A call that changes the lists of a runtime, followed from before it is sent: its id means an item that was there at that time.
 * Request and answer are in the runtime's names.
 */
export class FollowedCall {
  private readonly snapshot: Snapshot;
  private readonly effect: Effect;
  private readonly request: Buffer;
  /** The id of the pod or container that the request names, in full if known. */
  private readonly id: string;
  /** Whether the request's id may be the beginning of an id, or the id of an unknown item. */
  private readonly isGuess: boolean;
  private readonly underWay: { readonly since: number };
  /** The time of the call, in ms since the epoch: items that it makes may appear older than they are, and never younger. */
  private readonly askedAt = steadyNow();

  constructor(snapshot: Snapshot, effect: Effect, request: Buffer) {
    this.snapshot = snapshot;
    this.effect = effect;
    this.request = request;
    const listing = namedIn(snapshot, effect);
    const given = listing === undefined ? '' : idOf(request);
    this.isGuess = listing !== undefined && given.length < FULL_ID && !listing.index().has(given);
    this.id = (this.isGuess && inFull(idsIn(snapshot, listing!), given)) || given;
    this.underWay = snapshot.gone.begin();
  }

  /** Whether the answer is the id of a new pod or container. */
  get makesItem(): boolean {
    return this.effect === 'addPod' || this.effect === 'addContainer' || this.effect === 'restorePod';
  }

  /** The runtime has answered with OK: makes the change, and returns the lists that must be asked for again. */
  answered(answer: Buffer): readonly ListName[] {
    try {
      this.change(idOf(answer), this.askedAt);
    } finally {
      this.snapshot.gone.end(this.underWay);
    }
    const isWhole = this.effect === 'pullImage' || this.effect === 'removeImage' || this.effect === 'restorePod';
    return isWhole || this.isGuess ? changed[this.effect] : nothing;
  }

  /** The call has failed, and may have had a part of its effect: returns the lists that must be asked for again. */
  failed(): readonly ListName[] {
    this.snapshot.gone.end(this.underWay);
    return changed[this.effect];
  }

  /** Whether a late answer would bring back an item that was removed meanwhile. */
  isGone(id: string): boolean {
    return this.snapshot.gone.has(id, this.underWay);
  }

  private change(made: string, now: number): void {
    const { snapshot, request, id } = this;
    const { pods, containers, images } = snapshot;
    switch (this.effect) {
      case 'addPod':
        if (!this.isGone(made)) pods.change(add(made, () => sandboxFromRequest(request, made, now, RUN_POD)));
        break;
      case 'restorePod':
        if (!this.isGone(made)) pods.change(add(made, () => sandboxFromRequest(request, made, now, RESTORE_POD)));
        break;
      case 'stopPod':
        pods.change(patch(id, stopSandbox));
        containers.change(patchOfPod(id, item => advanceContainer(item, CONTAINER_EXITED)));
        break;
      case 'removePod':
        snapshot.gone.add(id);
        snapshot.askedHandlers.delete(id);
        pods.change(remove(id));
        containers.change(patchOfPod(id, () => undefined));
        break;
      case 'addContainer':
        // The containers of the pod are removed with it.
        if (this.isGone(id) || this.isGone(made)) break;
        containers.change(add(made, () => containerFromRequest(request, made, id, now)));
        break;
      case 'startContainer':
        containers.change(patch(id, item => advanceContainer(item, CONTAINER_RUNNING)));
        break;
      case 'stopContainer':
        containers.change(patch(id, item => advanceContainer(item, CONTAINER_EXITED)));
        break;
      case 'removeContainer':
        snapshot.gone.add(id);
        containers.change(remove(id));
        break;
      case 'removeImage':
        images.change(removeImage(removedImage(request)));
        break;
      case 'pullImage':
    }
  }
}

/** The kind of item whose id is the first field of the request. */
function namedIn({ pods, containers }: Snapshot, effect: Effect): Listing | undefined {
  switch (effect) {
    case 'stopPod':
    case 'removePod':
    case 'addContainer':
      return pods;
    case 'startContainer':
    case 'stopContainer':
    case 'removeContainer':
      return containers;
    default:
      return undefined;
  }
}

/** The known ids of a list. Ids of pods come from containers too: a list of containers may be younger than the list of pods. */
function* idsIn({ pods, containers }: Snapshot, listing: Listing): Generator<string> {
  yield* listing.index().keys();
  if (listing === pods) for (const container of containers.index().values()) yield sandboxOf(container);
}

/** The only id with this beginning; undefined if there is none, or several. Runtimes take the beginning of an id for the whole. */
function inFull(ids: Iterable<string>, beginning: string): string | undefined {
  if (beginning === '') return undefined;
  let found: string | undefined;
  for (const id of ids) {
    if (!id.startsWith(beginning) || id === found) continue;
    if (found !== undefined) return undefined;
    found = id;
  }
  return found;
}
