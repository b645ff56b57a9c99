import type { Route } from '../cri/tables/methods.ts';
import { endableCall } from './asking/endable-call.ts';
import { askedFor } from './call/asked.ts';
import { joinEvents } from './events/events.ts';
import { streamImages } from './images/image-list-routes.ts';
import { type PartStream, streamList } from './lists/list-stream.ts';
import { MergedStream } from './lists/merge-streams.ts';
import type { StreamRoute } from './lists/stream-route.ts';
import { streamSamples } from './samples/sample-routes.ts';

/** The parts of all runtimes as they arrive, once the first runtime has shown that it has the stream. */
const list: StreamRoute = async function* (plan, request, options, metadata) {
  const call = endableCall(options);
  const [lead, ...others] = askedFor(plan, request).map((runtime, index) =>
    begun(streamList({ plan, runtime, request, options: call.options, lead: index === 0 ? metadata : undefined })),
  );
  try {
    if (lead === undefined) return;
    await lead.first;
    const merged = new MergedStream<Buffer>();
    for (const part of [lead, ...others]) merged.add(part.messages);
    yield* merged;
  } finally {
    // A generator that waits, or was never begun, is not told that its reader has left.
    call.end();
  }
};

/** A stream whose first message is asked for at once, so that all runtimes work at the same time. */
function begun(source: PartStream): { first: Promise<unknown>; messages: PartStream } {
  const first = source.next();
  first.catch(() => {});
  return {
    first,
    messages: (async function* () {
      try {
        const { done, value } = await first;
        if (done === true) return;
        yield value;
        yield* source;
      } finally {
        void source.return().catch(() => {});
      }
    })(),
  };
}

/** The handler of each route for streaming methods. */
export const streamRoutes: Readonly<Partial<Record<Route, StreamRoute>>> = {
  list,
  images: streamImages,
  samples: streamSamples,
  events: joinEvents,
};
