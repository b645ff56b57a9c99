import type { ErrorCode } from './frames/error-code.ts';
import type { Prefix } from './sender.ts';
import type { Stream } from './stream.ts';

/** What makes a connection a server's or a client's. */
export interface Role {
  readonly server: boolean;
  readonly prefix: Prefix;
  /** Makes the stream for a request that has come; only a server is asked. */
  accept(): Stream;
  /** The peer's first SETTINGS have come. */
  onReady(): void;
  /** The peer's SETTINGS have changed, so that more streams may be open. */
  onSettings(): void;
  /** The peer reads its socket again, after a time in which it did not. */
  onRoom(): void;
  /** The peer takes no streams above `lastStreamId` any more. */
  onGoAway(lastStreamId: number, code: ErrorCode, debug: string): void;
  /** A stream was closed. */
  onRelease(): void;
  /** It is over: once, and after each stream's onLost. */
  onOver(reason: string): void;
}
