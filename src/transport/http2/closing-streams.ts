/** Streams that are remembered at most; a peer that is behind by more has lost its way. */
const capacity = 10_000;

/** Streams that we have closed while the peer, who may not know yet, could still send: its frames are no fault of it. */
export class ClosingStreams {
  private readonly ids = new Set<number>();

  add(streamId: number): void {
    this.ids.add(streamId);
    if (this.ids.size <= capacity) return;
    for (const oldest of this.ids) {
      this.ids.delete(oldest);
      return;
    }
  }

  has(streamId: number): boolean {
    return this.ids.has(streamId);
  }
}
