import type { MemoryAccount } from '../../../base/memory-account.ts';
import type { CallsWaiting } from '../../calls-waiting.ts';
import type { ClientCall } from './client-call.ts';

/**
 * Calls that wait until a connection has room. Clients take turns, so that one client with many calls does not delay the others. The
 * calls of one client keep their order. A client is identified by its account.
 */
export class WaitingCalls {
  /** The waiting calls of each client. The client with the next turn is the first one, and each client has a call. */
  private readonly clients = new Map<MemoryAccount, Set<ClientCall>>();
  private readonly max: number;
  private readonly counts: CallsWaiting;

  /** `max`: the most waiting calls of one client. */
  constructor(max: number, counts: CallsWaiting) {
    this.max = max;
    this.counts = counts;
  }

  get isEmpty(): boolean {
    return this.clients.size === 0;
  }

  /** Adds a call; false if too many calls of its client wait. */
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

  /** Removes and returns the call with the next turn. */
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
