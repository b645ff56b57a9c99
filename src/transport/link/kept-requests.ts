import type { RequestStream } from '../../base/call.ts';

/** The most bytes of requests that are kept for a stream. Every stream of CRI has one short request at its beginning. */
const most = 64 * 1024;

/** The requests of a stream, which can be sent again from the first one while `areAll` is true. One `replay` runs at a time. */
export class KeptRequests {
  /** No request has been dropped: a replay begins with the first one. */
  areAll = true;
  private readonly kept: Buffer[] = [];
  private size = 0;
  private readonly source: AsyncIterator<Buffer> | Iterator<Buffer>;
  /** The next request, for which a replay waits; the replay after it waits for the same promise. */
  private pending: Promise<IteratorResult<Buffer, unknown>> | undefined;
  private turn = 0;

  constructor(requests: RequestStream) {
    this.source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
  }

  /** The requests from the first one on. The previous replay gets no more requests, and its end does not end the source. */
  async *replay(): AsyncGenerator<Buffer, void, void> {
    const turn = ++this.turn;
    if (this.areAll) yield* [...this.kept];
    while (turn === this.turn) {
      this.pending ??= Promise.resolve(this.source.next());
      const { done, value } = await this.pending;
      if (turn !== this.turn) return;
      if (done === true) return;
      this.pending = undefined;
      this.keep(value as Buffer);
      yield value as Buffer;
    }
  }

  private keep(request: Buffer): void {
    this.size += request.length;
    if (this.size > most) {
      this.areAll = false;
      this.kept.length = 0;
    }
    if (this.areAll) this.kept.push(request);
  }
}
