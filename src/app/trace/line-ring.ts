/** An entry that waits for a reader, in order: an item, or the number of items that were lost there. */
export type Waiting<T> = { readonly item: T; readonly weight: number } | { readonly lost: number };

/**
 * Lines for a reader that may be slow. When `most` items wait, or items of `mostBytes` in all, new items are counted and dropped until
 * half of that has been read: the caller of `add` never waits, and the number of lost items stands in their place.
 */
export class LineRing<T> {
  private readonly most: number;
  private readonly mostBytes: number;
  private readonly waiting: Array<Waiting<T> | undefined>;
  private first = 0;
  private count = 0;
  private bytes = 0;
  private lost = 0;
  private closed = false;
  private wake: () => void = () => {};

  constructor(most: number, mostBytes: number) {
    this.most = most;
    this.mostBytes = mostBytes;
    // One more for the lost items.
    this.waiting = new Array(most + 1);
  }

  /** Whether the next item would be lost: then there is no need to make it. */
  get isFull(): boolean {
    return this.lost > 0 || this.count >= this.most || (this.bytes >= this.mostBytes && this.count > 0);
  }

  /** Only where it is not full. */
  add(item: T, weight: number): void {
    this.put({ item, weight });
    this.bytes += weight;
    this.wake();
  }

  /** Counts one that did not come in. */
  lose(): void {
    this.lost++;
    this.wake();
  }

  /** The first that waits; undefined if nothing does. */
  take(): Waiting<T> | undefined {
    if (this.count === 0 && this.lost > 0) this.tellLost();
    const taken = this.waiting[this.first];
    if (taken !== undefined) {
      this.waiting[this.first] = undefined;
      this.first = (this.first + 1) % this.waiting.length;
      this.count--;
      if ('weight' in taken) this.bytes -= taken.weight;
    }
    if (this.lost > 0 && this.count <= this.most / 2 && this.bytes <= this.mostBytes / 2) {
      this.tellLost();
    }
    return taken;
  }

  /** Resolves when something waits, or the ring is closed. */
  async filled(): Promise<void> {
    if (this.count > 0 || this.lost > 0 || this.closed) return;
    await new Promise<void>(resolve => {
      this.wake = resolve;
    });
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  private tellLost(): void {
    this.put({ lost: this.lost });
    this.lost = 0;
  }

  private put(entry: Waiting<T>): void {
    this.waiting[(this.first + this.count) % this.waiting.length] = entry;
    this.count++;
  }
}
