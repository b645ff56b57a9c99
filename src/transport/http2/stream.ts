import type { ErrorCode } from './frames/error-code.ts';
import type { HeaderList } from './hpack/header-list.ts';
import type { IncomingMessage } from './incoming-message.ts';
import type { Limits } from './limits.ts';
import { isClosed, StreamState } from './stream-state.ts';

/**
 * One stream (RFC 9113 section 5.1) from the view of its connection, which calls the methods and keeps the fields. What a
 * stream means is up to the class that extends it. Once `closed`, no method is called.
 */
export abstract class Stream implements IncomingMessage {
  /** 0 until it is opened. */
  id = 0;
  /** Changed by the transitions of stream-state.ts only. */
  state: StreamState = StreamState.Idle;
  /** What the peer still lets us send, and what we still let it send. */
  sendWindow = 0;
  receiveWindow = 0;
  /** Received bytes that are not yet given back to the peer's window. */
  uncredited = 0;
  /** The message under way: `sent` counts its prefix too; `endAfter` sets END_STREAM on its last frame. */
  outgoing: Buffer | undefined = undefined;
  sent = 0;
  endAfter = false;
  /** It stands in the sender's queue. */
  queued = false;
  /** Its reader may take as long as it likes; others are reset when they stall. */
  patient = false;
  /** Since when the message under way is watched, 0 if there is none, and how far it was then. */
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

  /** Whether the message under way has moved too little for too long. Asked again and again; `now` is of performance.now(). */
  isStalled(now: number, { stallTimeout, minProgress }: Limits): boolean {
    const moved = this.outgoing !== undefined && !this.patient ? this.sent : this.incoming();
    if (moved === undefined) {
      this.watchedSince = 0;
      return false;
    }
    // What moves back is another message.
    if (this.watchedSince !== 0 && moved >= this.watchedFrom) {
      if (now - this.watchedSince < stallTimeout) return false;
      if (moved - this.watchedFrom < minProgress) return true;
    }
    this.watchedSince = now;
    this.watchedFrom = moved;
    return false;
  }

  /** How many bytes of a message that is coming in are there; undefined if none has begun. */
  protected abstract incoming(): number | undefined;
  /** Reset by us, since its message moved too slowly. */
  abstract onStall(): void;
  /** The header list of the message came; `end`: with END_STREAM, in place of trailers. The list is lent. */
  abstract onHeaders(list: HeaderList, end: boolean): void;
  /** Trailers came. The list is lent. */
  abstract onTrailers(list: HeaderList): void;
  /** Payload of DATA, lent. */
  abstract onData(chunk: Buffer, start: number, end: number): void;
  /** END_STREAM came on DATA. */
  abstract onEnd(): void;
  /** Closed by RST_STREAM: the peer's, or with `fault` ours, because of that fault of the peer. */
  abstract onReset(code: ErrorCode, fault: string | undefined): void;
  /** Closed with its connection. `untouched`: the peer has said that it did nothing about this stream. */
  abstract onLost(reason: string, untouched: boolean): void;
  /** The message that `send` could not finish at once is out. */
  abstract onSent(): void;
}
