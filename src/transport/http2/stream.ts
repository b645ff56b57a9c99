import type { ErrorCode } from './frames/error-code.ts';
import type { HeaderList } from './hpack/header-list.ts';
import type { IncomingMessage } from './incoming-message.ts';
import type { Limits } from './limits.ts';
import { isClosed, StreamState } from './stream-state.ts';

/**
 * One stream (RFC 9113 section 5.1) from the view of its connection, which calls the methods and keeps the fields. The class that
 * extends it gives the stream its meaning. No method is called after the connection has released the stream.
 */
export abstract class Stream implements IncomingMessage {
  /** 0 until it is opened. */
  id = 0;
  /** Changed by the transitions of stream-state.ts only. */
  state: StreamState = StreamState.Idle;
  /** The bytes that we, and that the peer, may still send. */
  sendWindow = 0;
  receiveWindow = 0;
  /** Received bytes that are not yet returned to the peer's window. */
  uncredited = 0;
  /** The message that is being sent. `sent` counts its prefix too; `endAfter` sets END_STREAM on its last frame. */
  outgoing: Buffer | undefined = undefined;
  sent = 0;
  endAfter = false;
  /** The stream is in the sender's queue. */
  queued = false;
  /** The stream has no limit of time for its messages; other streams are reset when they stall. */
  patient = false;
  /** The start of the watch over the present message, 0 if there is no message, and its progress at that time. */
  private watchedSince = 0;
  private watchedFrom = 0;
  headReceived = false;
  interims = 0;
  contentLength = -1;
  bodyLength = 0;
  /** The header list of our own message is sent. */
  headSent = false;

  get closed(): boolean {
    return isClosed(this.state);
  }

  /** Whether the present message has made too little progress for too long. Called repeatedly; `now` is of performance.now(). */
  isStalled(now: number, { stallTimeout, minProgress }: Limits): boolean {
    const moved = this.outgoing !== undefined && !this.patient ? this.sent : this.incoming();
    if (moved === undefined) {
      this.watchedSince = 0;
      return false;
    }
    // Less progress than before means another message.
    if (this.watchedSince !== 0 && moved >= this.watchedFrom) {
      if (now - this.watchedSince < stallTimeout) return false;
      if (moved - this.watchedFrom < minProgress) return true;
    }
    this.watchedSince = now;
    this.watchedFrom = moved;
    return false;
  }

  /** The bytes received of the incoming message; undefined if no message has begun. */
  protected abstract incoming(): number | undefined;
  /** The stream was reset, because its message moved too slowly. */
  abstract onStall(): void;
  /** The header list of the message came. `end`: with END_STREAM, in place of trailers. The list is lent for the call. */
  abstract onHeaders(list: HeaderList, end: boolean): void;
  /** Trailers came. The list is lent for the call. */
  abstract onTrailers(list: HeaderList): void;
  /** Payload of DATA came. It is lent for the call. */
  abstract onData(chunk: Buffer, start: number, end: number): void;
  /** END_STREAM came on DATA. */
  abstract onEnd(): void;
  /** The stream was closed by the peer's RST_STREAM, or, with `fault`, by ours because of that fault of the peer. */
  abstract onReset(code: ErrorCode, fault: string | undefined): void;
  /** The stream was closed with its connection. `untouched`: the peer has not processed it. */
  abstract onLost(reason: string, untouched: boolean): void;
  /** The message is sent, of which a part waited in `send`. */
  abstract onSent(): void;
}
