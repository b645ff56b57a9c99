import { cutList, mergeImages } from '../../cri/read/image-list.ts';
import { endableCall } from '../asking/endable-call.ts';
import { askedFor } from '../call/asked.ts';
import { gather } from '../call/gather.ts';
import { joinReplies, type UnaryRoute } from '../call/unary-route.ts';
import { listPart } from '../lists/list-part.ts';
import { streamList } from '../lists/list-stream.ts';
import type { StreamRoute } from '../lists/stream-route.ts';

/** The size of the messages of a streamed list, in bytes: well below the kubelet's limit for a message, 16 MiB. */
export const CHUNK = 1 << 20;

/** As other lists, but an image that several runtimes have is one item. */
export const listImages: UnaryRoute = async (plan, request, options) => {
  const asked = askedFor(plan, request);
  const parts = await Promise.all(asked.map(runtime => listPart(plan, runtime, request, options)));
  return joinReplies(plan, parts);
};

/** All parts are gathered first: only then it is known which images are in several runtimes. */
export const streamImages: StreamRoute = async function* (plan, request, options, lead) {
  const asked = askedFor(plan, request);
  if (asked.length === 1) {
    yield* streamList({ plan, runtime: asked[0]!, request, options, lead });
    return;
  }
  // If the first runtime lacks the method, the others need not be asked.
  if (asked[0]?.state.kind === 'up') plan.lane(asked[0]);
  const call = endableCall(options);
  try {
    const parts = asked.map((runtime, index) =>
      gather(streamList({ plan, runtime, request, options: call.options, lead: index === 0 ? lead : undefined })),
    );
    yield* cutList(mergeImages(await Promise.all(parts)), CHUNK);
  } finally {
    call.end();
  }
};
