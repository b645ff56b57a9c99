import type { RequestStream } from '../../base/call.ts';

/** What is kept of a stream's requests, in bytes. Every stream of CRI begins with one short request, and has no other. */
const most = 64 * 1024;

/** Requests of a stream that can be sent from the beginning again, as long as `areAll`. One `replay` at a time. */
export class KeptRequests {
  /** None has been dropped, so that a replay begins with the first. */
  areAll = true;
  private readonly kept: Buffer[] = [];
  private size = 0;
  private readonly source: AsyncIterator<Buffer> | Iterator<Buffer>;
  /** The one that is being waited for, which outlives the replay that began to wait. */
  private pending: Promise<IteratorResult<Buffer, unknown>> | undefined;
  private turn = 0;

  constructor(requests: RequestStream) {
    this.source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
  }

  /** The requests from the first on; the replay before this one gets none any more, and its end does not end the source. */
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
