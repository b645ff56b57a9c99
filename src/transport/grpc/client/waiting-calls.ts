import type { MemoryAccount } from '../../../base/memory-account.ts';
import type { CallsWaiting } from '../../calls-waiting.ts';
import type { ClientCall } from './client-call.ts';

/**
 * Calls that wait until a connection has room. Clients take turns, so that the many calls of one do not stand before the first of
 * another; each client's own come first come first. A client is its account.
 */
export class WaitingCalls {
  /** The client whose turn is next comes first; none is without a call. */
  private readonly clients = new Map<MemoryAccount, Set<ClientCall>>();
  private readonly max: number;
  private readonly counts: CallsWaiting;

  /** `max`: calls of one client. */
  constructor(max: number, counts: CallsWaiting) {
    this.max = max;
    this.counts = counts;
  }

  get isEmpty(): boolean {
    return this.clients.size === 0;
  }

  /** False, and the call does not wait, if too many of its client do. */
  add(call: ClientCall): boolean {
    const calls = this.clients.get(call.account) ?? new Set();
    if (calls.size >= this.max) {
      this.counts.refused++;
      return false;
    }
    calls.add(call);
    this.clients.set(call.account, calls);
    call.queue = this;
    this.counts.now++;
    return true;
  }

  /** Takes out the call whose turn it is. */
  next(): ClientCall | undefined {
    for (const [account, calls] of this.clients) {
      for (const call of calls) {
        this.clients.delete(account);
        this.clients.set(account, calls);
        this.remove(call);
        return call;
      }
    }
    return undefined;
  }

  remove(call: ClientCall): void {
    const calls = this.clients.get(call.account);
    if (calls?.delete(call) !== true) return;
    if (calls.size === 0) this.clients.delete(call.account);
    call.queue = undefined;
    this.counts.now--;
  }
}
