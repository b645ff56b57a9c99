import type { ProxyError } from '../base/error.ts';
import type { Route } from '../cri/methods.ts';
import { askedFor } from './asked.ts';
import { endableCall } from './endable-call.ts';
import { joinEvents } from './events.ts';
import { streamImages } from './image-list.ts';
import { type OpenPart, type PartStream, streamList, streamSamples } from './list-stream.ts';
import { MergedStream } from './merge-streams.ts';
import type { StreamRoute } from './stream-route.ts';

/** The parts of all runtimes as they arrive, once the first of them has shown that there is such a stream. */
const joined = (open: OpenPart): StreamRoute =>
  async function* (plan, request, options, metadata) {
    const asked = askedFor(plan, request);
    const call = endableCall(options);
    const failed: ProxyError[] = [];
    const [lead, ...others] = asked.map((runtime, index) =>
      begun(open(plan, runtime, request, call.options, { lead: index === 0 ? metadata : undefined, failed })),
    );
    try {
      if (lead === undefined) return;
      await lead.first;
      const merged = new MergedStream<Buffer>();
      for (const part of [lead, ...others]) merged.add(part.messages);
      yield* merged;
      // Nothing from anybody is no empty list.
      if (failed.length === asked.length) throw failed[0];
    } finally {
      // A generator that waits, or was never begun, does not hear that it is left.
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

/** How each route of a streaming method is taken. */
export const streamRoutes: Readonly<Partial<Record<Route, StreamRoute>>> = {
  list: joined(streamList),
  images: streamImages,
  samples: joined(streamSamples),
  events: joinEvents,
};
