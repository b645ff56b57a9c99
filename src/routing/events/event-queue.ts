import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';

/** How many bytes of events may wait for a slow client: some 1,000 events, containerd's own limit. */
const LIMIT = 8 << 20;

/** The memory that an event takes besides its bytes. */
const OVERHEAD = 64;

/**
 * Events on their way to one client, in the order of arrival. When too many wait, the stream ends with ResourceExhausted; the client
 * finds the missed changes in the lists.
 */
export class EventQueue<T> implements AsyncIterable<T> {
  private readonly items: Array<{ readonly item: T; readonly size: number }> = [];
  private waiting = 0;
  private over: { readonly fault: ProxyError | undefined } | undefined;
  private wake: () => void = () => {};
  private readonly onTooSlow: () => void;

  constructor(onTooSlow: () => void) {
    this.onTooSlow = onTooSlow;
  }

  /** `size` in bytes. */
  push(item: T, size: number): void {
    if (this.over !== undefined) return;
    this.waiting += size + OVERHEAD;
    if (this.waiting > LIMIT) {
      this.items.length = 0;
      this.onTooSlow();
      this.end(
        new ProxyError(Code.ResourceExhausted, 'criproxy: the client reads its events too slowly: list, and ask again'),
      );
      return;
    }
    this.items.push({ item, size });
    this.wake();
  }

  /** Ends the stream after the events that wait; the first end counts. Undefined: the stream ends with OK. */
  end(fault: ProxyError | undefined): void {
    this.over ??= { fault };
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const next = this.items.shift();
      if (next !== undefined) {
        this.waiting -= next.size + OVERHEAD;
        yield next.item;
      } else if (this.over === undefined) {
        await new Promise<void>(resolve => {
          this.wake = resolve;
        });
      } else if (this.over.fault === undefined) return;
      else throw this.over.fault;
    }
  }
}
