import type { CallOptions, Metadata, Reply } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import type { WatchedCall } from '../base/watched-call.ts';
import { checkList } from '../cri/listing.ts';
import type { Listing } from './listing.ts';
import { malformed } from './malformed.ts';
import type { Runtime } from './runtime.ts';
import { runtimeName } from './runtimes.ts';

/** How long an answer to a list may be of use, in ms: the kubelet's own limit for a call (2 min). */
export const LIST_LIMIT = 120_000;

const never = new AbortController().signal;

/**
 * Options of a call that nobody can cancel, since its answer is of use even when nobody waits for it any more. `watched` is the
 * client's call that it is made for, if there is one.
 */
export function ownCall(metadata: Metadata = [], limit = LIST_LIMIT, watched?: WatchedCall): CallOptions {
  return { metadata, deadline: performance.now() + limit, signal: never, watched };
}

/**
 * Asks a runtime for a list, in its own names. `listing` takes the answer if the request is for the whole list. Rejects, with
 * Internal for an answer that is no list, like any other call.
 */
export async function askList(
  runtime: Runtime,
  path: string,
  request: Buffer,
  listing: Listing | undefined,
  options: CallOptions,
): Promise<Reply> {
  const askedAt = Date.now();
  const question = listing?.ask();
  try {
    const reply = await runtime.call(path, request, options);
    const known = listing?.sameAnswer(reply.message);
    if (known === undefined) checkList(reply.message);
    const message = known ?? reply.message;
    if (question !== undefined) listing?.answer(question, message, askedAt);
    return { message, headers: reply.headers, trailers: reply.trailers };
  } catch (fault) {
    if (question !== undefined) listing?.giveUp(question);
    throw malformed(fault, Code.Internal, `the ${runtimeName(runtime)} sent a malformed list`);
  }
}
