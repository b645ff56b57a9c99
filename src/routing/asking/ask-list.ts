import { type CallOptions, changedCall, type Reply } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import { checkList } from '../../cri/read/listing.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Listing } from './kept-list.ts';
import { malformed } from './malformed.ts';

/** How long the answer to a list is of use, in ms: the kubelet's own limit for a call (2 min). */
export const LIST_LIMIT = 120_000;

/**
 * Asks a runtime for a list, in its own names. `listing` takes the answer if the request is for the whole list. Rejects like any call,
 * and with Internal for an answer that is no list.
 */
export async function askList(
  runtime: Runtime,
  path: string,
  request: Buffer,
  listing: Listing | undefined,
  options: CallOptions,
): Promise<Reply> {
  const askedAt = steadyNow();
  const question = listing?.ask();
  const likely = listing?.lastAnswer;
  try {
    const reply = await runtime
      .call(path, request, likely === undefined ? options : changedCall(options, { likely }))
      .catch(fault => noImages(runtime, path, listing, fault));
    const known = listing?.sameAnswer(reply.message);
    if (known === undefined) checkList(reply.message);
    const message = known ?? copyOfLikely(reply.message, likely);
    if (question !== undefined) listing?.answer(question, message, askedAt);
    return { message, headers: reply.headers, trailers: reply.trailers };
  } catch (fault) {
    if (question !== undefined) listing?.giveUp(question);
    throw malformed(fault, Code.Internal, `${runtimeName(runtime.id)} sent a malformed list`);
  }
}

/** An answer as a Buffer of its own: meanwhile another answer has come, or results made from this one are out of date. */
function copyOfLikely(answer: Buffer, likely: Buffer | undefined): Buffer {
  return answer === likely ? Buffer.from(answer) : answer;
}

/**
 * The answer to ListImages for a secondary without an image service: no images. But a secondary that has listed images before has not
 * lost them with the service. For the primary the client gets the error, as without a proxy.
 */
function noImages(runtime: Runtime, path: string, listing: Listing | undefined, fault: unknown): Reply {
  const error = ProxyError.from(fault);
  const isLack = error.code === Code.Unimplemented && path.endsWith('/ListImages');
  if (runtime.id === '' || !isLack || listing === undefined || listing.size > 0) throw error;
  return { message: Buffer.alloc(0), headers: [], trailers: [] };
}
