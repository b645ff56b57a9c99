import { factsOfSandbox } from '../../cri/read/pod-facts.ts';
import type { Listing } from '../asking/kept-list.ts';
import { isOvergrown } from './overgrown.ts';

/**
 * The pods that were placed on one runtime, by uid, with the reason: a pod whose sandbox is created again stays on its runtime. An
 * entry is kept as long as the runtime lists a sandbox of the pod, and beyond as far as there is room.
 */
export class Placements {
  private readonly reasons = new Map<string, string>();

  has(uid: string): boolean {
    return this.reasons.has(uid);
  }

  /** The reason, as a metric's label; undefined if the pod was not placed here. */
  reasonOf(uid: string): string | undefined {
    return this.reasons.get(uid);
  }

  set(uid: string, reason: string): void {
    this.reasons.set(uid, reason);
  }

  note(uid: string, reason: string, pods: Listing): void {
    if (uid === '') return;
    this.prune(pods);
    this.reasons.set(uid, reason);
  }

  delete(uid: string): void {
    this.reasons.delete(uid);
  }

  clear(): void {
    this.reasons.clear();
  }

  entries(): IterableIterator<[uid: string, reason: string]> {
    return this.reasons.entries();
  }

  private prune(pods: Listing): void {
    if (!isOvergrown(this.reasons.size, pods)) return;
    const living = new Set([...pods.index().values()].map(sandbox => factsOfSandbox(sandbox).uid));
    for (const uid of [...this.reasons.keys()]) if (!living.has(uid)) this.reasons.delete(uid);
  }
}
