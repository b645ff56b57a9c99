import type { CallOptions, Metadata } from './call.ts';
import type { ProxyError } from './error.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { WatchedCall } from './watched-call.ts';

/** Something that ends with the call that it serves. */
export interface Cancellable {
  cancel(reason: ProxyError): void;
}

/**
 * CallOptions of a call that is ended by `cancel`, at its deadline too: the owner watches that. An AbortSignal costs more than the rest of a small call, so it is made when somebody
 * looks at it; our own client does not look but enters itself with `follow`.
 */
export class EndingCall implements CallOptions {
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  readonly userAgent: string;
  readonly account: MemoryAccount | undefined;
  watched: WatchedCall | undefined = undefined;
  waitsFor: (() => string) | undefined = undefined;
  private controller: AbortController | undefined = undefined;
  private reason: ProxyError | undefined = undefined;
  private follower: Cancellable | undefined = undefined;
  private followers: Set<Cancellable> | undefined = undefined;

  constructor(metadata: Metadata, deadline: number | undefined, userAgent = '', account?: MemoryAccount) {
    this.metadata = metadata;
    this.deadline = deadline;
    this.userAgent = userAgent;
    this.account = account;
  }

  /** Cancels `follower` with this call, at once if that has happened already. */
  follow(follower: Cancellable): void {
    if (this.reason !== undefined) {
      follower.cancel(this.reason);
    } else if (this.follower === undefined) {
      this.follower = follower;
    } else {
      this.followers ??= new Set();
      this.followers.add(follower);
    }
  }

  unfollow(follower: Cancellable): void {
    if (this.follower === follower) this.follower = undefined;
    else this.followers?.delete(follower);
  }

  /** Ends everything that was begun for the call; the first reason counts. */
  cancel(reason: ProxyError): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.controller?.abort(reason);
    this.follower?.cancel(reason);
    for (const follower of this.followers ?? []) follower.cancel(reason);
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }
}
