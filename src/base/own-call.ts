import type { CallOptions, Metadata } from './call.ts';
import type { WatchedCall } from './watched-call.ts';

const never = new AbortController().signal;

/**
 * Options of a call of the proxy's own, of `limit` ms. It cannot be cancelled, since its answer is of use even when no client waits any
 * more. `watched`: the client's call that it is made for, if any.
 */
export function ownCall(limit: number, metadata: Metadata = [], watched?: WatchedCall): CallOptions {
  return { metadata, deadline: performance.now() + limit, signal: never, watched };
}
