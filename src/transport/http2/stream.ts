import type { ErrorCode } from './error-code.ts';
import type { HeaderList } from './header-list.ts';

/**
 * One stream (RFC 9113 section 5.1) from the view of its connection, which calls the methods and keeps the fields. What a
 * stream means is up to the class that extends it. Once `closed`, no method is called.
 */
export abstract class Stream {
  /** 0 until it is opened. */
  id = 0;
  /** What the peer still lets us send, and what we still let it send. */
  sendWindow = 0;
  receiveWindow = 0;
  /** Received bytes that are not yet given back to the peer's window. */
  uncredited = 0;
  localEnded = false;
  remoteEnded = false;
  closed = false;
  /** The message under way: `sent` counts its prefix too; `endAfter` sets END_STREAM on its last frame. */
  outgoing: Buffer | undefined = undefined;
  sent = 0;
  endAfter = false;
  /** It stands in the sender's queue. */
  queued = false;
  /** Its reader may take as long as it likes; for others a stall ends the connection. */
  patient = false;
  /** What content-length promised (-1: nothing), and what has come. */
  contentLength = -1;
  bodyLength = 0;

  /** Header list or trailers; `end` is END_STREAM. The list is lent. */
  abstract onHeaders(list: HeaderList, end: boolean): void;
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
