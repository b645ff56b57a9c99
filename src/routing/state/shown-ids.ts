import { FULL_ID, idPrefix, runtimeInId } from '../port/names.ts';

/**
 * The pods and containers of one runtime that clients know with another prefix than the one that its id gives now, by the runtime's own
 * ids: they were shown before the runtime's id changed, and keep the id that the kubelet knows as long as they exist. Empty on a node
 * whose runtimes never changed their ids, and with raw ids.
 */
export class ShownIds {
  private readonly prefixes = new Map<string, string>();

  get size(): number {
    return this.prefixes.size;
  }

  /** The prefix, which may be empty, of a pod or container with this own id; undefined for the runtime's present one. */
  prefixOf(own: string): string | undefined {
    return this.prefixes.get(own);
  }

  set(own: string, prefix: string): void {
    this.prefixes.set(own, prefix);
  }

  entries(): IterableIterator<[own: string, prefix: string]> {
    return this.prefixes.entries();
  }

  clear(): void {
    this.prefixes.clear();
  }

  /** `known` are the runtime's own ids. An id without an entry was shown with `before`; from now on its prefix is `after`. */
  turn(known: Iterable<string>, before: string, after: string): void {
    const kept = new Map([...known].map(own => [own, this.prefixes.get(own) ?? before]));
    this.prefixes.clear();
    for (const [own, prefix] of kept) if (prefix !== after) this.prefixes.set(own, prefix);
  }

  /** Forgets items that do not exist any more. `known`: the runtime's own ids. */
  keepOnly(known: ReadonlySet<string>): void {
    for (const own of this.prefixes.keys()) if (!known.has(own)) this.prefixes.delete(own);
  }

  /** The own id in an id as clients know it, or its beginning; undefined if the id has no entry. */
  ownId(shown: string): string | undefined {
    if (this.prefixes.size === 0) return undefined;
    if (this.prefixes.get(shown) === '') return shown;
    const prefix = idPrefix(runtimeInId(shown));
    const own = shown.slice(prefix.length);
    if (this.prefixes.get(own) === prefix) return own;
    return prefix !== '' && own.length < FULL_ID && this.hasBeginning(own, prefix) ? own : undefined;
  }

  private hasBeginning(own: string, prefix: string): boolean {
    if (own === '') return false;
    for (const [known, used] of this.prefixes) if (used === prefix && known.startsWith(own)) return true;
    return false;
  }
}
