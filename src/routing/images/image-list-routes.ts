import { cutList, mergeImages } from '../../cri/read/image-list.ts';
import { endableCall } from '../asking/endable-call.ts';
import { askedFor } from '../call/asked.ts';
import { gather } from '../call/gather.ts';
import { joinReplies, type UnaryRoute } from '../call/unary-route.ts';
import { listPart } from '../lists/list-part.ts';
import { streamList } from '../lists/list-stream.ts';
import type { StreamRoute } from '../lists/stream-route.ts';

/** How large the messages of a streamed list are, in bytes: well below the kubelet's limit for one, 16 MiB. */
export const CHUNK = 1 << 20;

/** As any list, but an image that several runtimes have is one item. */
export const listImages: UnaryRoute = async (plan, request, options) => {
  const asked = askedFor(plan, request);
  const parts = await Promise.all(asked.map(runtime => listPart(plan, runtime, request, options)));
  return joinReplies(plan, parts);
};

/** Which images are in several runtimes is known only when all have given theirs. */
export const streamImages: StreamRoute = async function* (plan, request, options, lead) {
  const asked = askedFor(plan, request);
  if (asked.length === 1) {
    yield* streamList(plan, asked[0]!, request, options, lead);
    return;
  }
  // That the first cannot have the method need not be asked of the others.
  if (asked[0]?.state.kind === 'up') plan.lane(asked[0]);
  const call = endableCall(options);
  try {
    const parts = asked.map((runtime, index) =>
      gather(streamList(plan, runtime, request, call.options, index === 0 ? lead : undefined)),
    );
    yield* cutList(mergeImages(await Promise.all(parts)), CHUNK);
  } finally {
    call.end();
  }
};
