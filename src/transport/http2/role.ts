import type { ErrorCode } from './frames/error-code.ts';
import type { Prefix } from './sender.ts';
import type { Stream } from './stream.ts';

/** The behaviour in which the connections of a server and of a client differ. */
export interface Role {
  readonly server: boolean;
  readonly prefix: Prefix;
  /** Makes the stream for a new request. Called for a server only. */
  accept(): Stream;
  /** The peer's first SETTINGS have come. */
  onReady(): void;
  /** The peer's SETTINGS have changed, so that more streams may be open. */
  onSettings(): void;
  /** The peer reads its socket again after a pause. */
  onRoom(): void;
  /** The peer processes no streams above `lastStreamId`. */
  onGoAway(lastStreamId: number, code: ErrorCode, debug: string): void;
  /** A stream was closed. */
  onRelease(): void;
  /** The connection is over. Called once, after each stream's onLost. */
  onOver(reason: string): void;
}
