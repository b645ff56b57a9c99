import { isDiscarding, StreamState } from './stream-state.ts';

/** The most streams that are remembered. A peer that is behind by more streams is broken. */
const capacity = 10_000;

/** Remembers the closed streams on which frames may still come, and so knows the state of each stream that has no object. */
export class ClosedStreams {
  private readonly discarding = new Set<number>();
  private highest = 0;

  /** Remembers a stream that was closed in this state. */
  add(streamId: number, state: StreamState): void {
    if (!isDiscarding(state)) return;
    this.discarding.add(streamId);
    this.highest = Math.max(this.highest, streamId);
    if (this.discarding.size <= capacity) return;
    for (const oldest of this.discarding) {
      this.discarding.delete(oldest);
      return;
    }
  }

  /**
   * The state of a stream that is not in the connection's table. `last`: the highest id that the client has used on the connection. A
   * server opens no streams, so a stream with an even id is idle.
   */
  stateOf(streamId: number, last: number): StreamState {
    if (streamId <= this.highest && this.discarding.has(streamId)) return StreamState.ResetEarly;
    return streamId % 2 === 0 || streamId > last ? StreamState.Idle : StreamState.Ended;
  }
}
