import { isDiscarding, StreamState } from './stream-state.ts';

/** Streams that are remembered at most; a peer that is behind by more has lost its way. */
const capacity = 10_000;

/** Remembers the closed streams on which frames may still come, so that the state of any stream without an object is known. */
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
   * The state of a stream that is not in the connection's table. `last`: the highest id that a client has used on the connection. A
   * server opens no streams, so the even ones are idle.
   */
  stateOf(streamId: number, last: number): StreamState {
    if (streamId <= this.highest && this.discarding.has(streamId)) return StreamState.ResetEarly;
    return streamId % 2 === 0 || streamId > last ? StreamState.Idle : StreamState.Ended;
  }
}
