import type { Metadata, ReplyStream } from '../../../base/call.ts';

/** The call that is answered. */
export interface AnswerOwner {
  readonly closed: boolean;
  readonly headSent: boolean;
  /** Sends the header list, unless it is sent already. */
  sendHeaders(headers: Metadata): void;
  /** Whether a message may be sent. If not, the call has failed. */
  hold(message: Buffer): boolean;
  /** False if a part of the message waits: then `sent` follows. */
  send(message: Buffer): boolean;
  finish(trailers: Metadata): void;
  /** Ends the call with the fault of its handler. */
  failAsHandled(fault: unknown): void;
  /** As Connection.enter. All methods above are called in it. */
  enter<T>(entry: () => T): T | undefined;
}

/** Sends the answers of a streaming call's handler, each message after the previous one is sent. */
export class StreamAnswer {
  private readonly owner: AnswerOwner;
  private replies: AsyncIterator<Buffer> | undefined = undefined;
  private wakeUp: () => void = () => {};

  constructor(owner: AnswerOwner) {
    this.owner = owner;
  }

  /** Never rejects. */
  async run(open: () => ReplyStream): Promise<void> {
    const { owner } = this;
    try {
      const reply = open();
      // A tick later the call may have failed: then its status is sent alone, as it came.
      const sendHeaders = (headers: Metadata) => setImmediate(() => owner.enter(() => owner.sendHeaders(headers)));
      reply.headers.then(sendHeaders, () => {});
      this.replies = reply[Symbol.asyncIterator]();
      for (;;) {
        const result = await this.replies.next();
        if (owner.closed) return;
        if (!owner.headSent) {
          const headers = await reply.headers;
          owner.enter(() => owner.sendHeaders(headers));
        }
        if (owner.closed) return;
        if (result.done) break;
        const isSent = owner.enter(() => owner.hold(result.value) && owner.send(result.value));
        if (!isSent && !owner.closed) await this.room();
        if (owner.closed) return;
      }
      const { trailers } = reply;
      owner.enter(() => owner.finish(trailers));
    } catch (fault) {
      owner.enter(() => owner.failAsHandled(fault));
    }
  }

  /** The message that had to wait is sent. */
  sent(): void {
    this.wakeUp();
  }

  /** The call is over before its handler was done. */
  abandon(): void {
    this.replies?.return?.().catch(() => {});
    this.wakeUp();
  }

  private async room(): Promise<void> {
    await new Promise<void>(resolve => {
      this.wakeUp = resolve;
    });
  }
}
