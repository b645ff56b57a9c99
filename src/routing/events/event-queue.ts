import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import type { MemoryAccount } from '../../base/memory-account.ts';

/** How many bytes of events may wait for a slow client: some 1,000 events, containerd's own limit. */
const LIMIT = 8 << 20;

/** The memory that a waiting event takes besides its bytes. */
const OVERHEAD = 128;

/** So many events wait without a charge, so that a client that reads in time never depends on the memory of others. */
const FREE = 256;

interface Entry<T> {
  readonly item: T;
  readonly size: number;
  /** The bytes that the account pays for. */
  readonly held: number;
}

/**
 * Events on their way to one client, in the order of arrival. When too many wait, or more than the client's account can pay for, the
 * stream ends with ResourceExhausted; the client finds the missed changes in the lists.
 */
export class EventQueue<T> implements AsyncIterable<T> {
  private readonly items: Array<Entry<T>> = [];
  private waiting = 0;
  private over: { readonly fault: ProxyError | undefined } | undefined;
  private wake: () => void = () => {};
  private readonly onTooSlow: () => void;
  private readonly account: MemoryAccount | undefined;

  /** `account`: of the client. */
  constructor(onTooSlow: () => void, account?: MemoryAccount) {
    this.onTooSlow = onTooSlow;
    this.account = account;
  }

  /** `size` in bytes; `isShared`: other queues have the same bytes. */
  push(item: T, size: number, isShared: boolean): void {
    if (this.over !== undefined) return;
    this.waiting += size + OVERHEAD;
    const held = (isShared ? 0 : size) + (this.items.length < FREE ? 0 : OVERHEAD);
    if (this.waiting > LIMIT || (held > 0 && this.account?.take(held, false) === false)) {
      this.clear();
      this.onTooSlow();
      this.end(
        new ProxyError(Code.ResourceExhausted, 'criproxy: the client reads its events too slowly: list, and ask again'),
      );
      return;
    }
    this.items.push({ item, size, held });
    this.wake();
  }

  /** Drops all that waits. */
  clear(): void {
    for (const { held } of this.items) this.account?.give(held);
    this.items.length = 0;
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
        this.account?.give(next.held);
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
