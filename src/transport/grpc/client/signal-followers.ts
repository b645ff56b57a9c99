import { Code } from '../../../base/codes.ts';
import type { Cancellable } from '../../../base/ending-call.ts';
import { ProxyError } from '../../../base/error.ts';

/** A call in a signal's list, with its position. */
export interface Follower extends Cancellable {
  position: number;
}

/**
 * The calls that end with an AbortSignal, with one listener for all of them. A listener for each call would keep memory: the old
 * tables of an event target hold the calls of removed listeners, with their messages, until a full collection.
 */
class Followers {
  private readonly calls: Follower[] = [];

  constructor(signal: AbortSignal) {
    const abort = () => {
      const reason = reasonOf(signal);
      for (const call of this.calls.splice(0)) call.cancel(reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  }

  add(call: Follower): void {
    call.position = this.calls.length;
    this.calls.push(call);
  }

  remove(call: Follower): void {
    if (this.calls[call.position] !== call) return;
    const last = this.calls.pop()!;
    if (last === call) return;
    this.calls[call.position] = last;
    last.position = call.position;
  }
}

const lists = new WeakMap<AbortSignal, Followers>();

/** Cancels `call` when the signal is aborted; at once if it is aborted already. */
export function followSignal(signal: AbortSignal, call: Follower): void {
  if (signal.aborted) {
    call.cancel(reasonOf(signal));
    return;
  }
  const known = lists.get(signal);
  const followers = known ?? new Followers(signal);
  if (known === undefined) lists.set(signal, followers);
  followers.add(call);
}

export function unfollowSignal(signal: AbortSignal, call: Follower): void {
  lists.get(signal)?.remove(call);
}

function reasonOf(signal: AbortSignal): ProxyError {
  if (signal.reason instanceof ProxyError) return signal.reason;
  return new ProxyError(Code.Cancelled, 'the call was cancelled', { cause: signal.reason });
}
