import type { CallOptions, Method, ReplyStream, RequestStream } from '../../base/call.ts';
import { laterStream, withMessages } from '../../base/reply-stream.ts';
import type { Narrowing } from './narrowing.ts';
import type { StreamPlaces } from './stream-places.ts';

/** The conditions of a stream. */
export interface StreamGuard {
  /** A rejection, if the stream may not begin. */
  readonly admit: () => Promise<never> | undefined;
  /** Throws when the stream may not go on. */
  readonly check: () => void;
  /** The streams that there may be at once; undefined: as many as there are. */
  readonly places: StreamPlaces | undefined;
}

/** The stream under these conditions, without the messages that are left out. */
export function restrictedStream(
  method: Method & { kind: 'stream' },
  { admit, check, places }: StreamGuard,
  narrow: (options: CallOptions) => Narrowing | undefined,
): Method {
  return {
    kind: 'stream',
    handle(requests: RequestStream, options: CallOptions): ReplyStream {
      const refusal = admit() ?? places?.full();
      if (refusal !== undefined) return laterStream(refusal);
      const leave = places?.take(options.signal);
      const narrowed = narrow(options);
      const reply = method.handle(requests, options);
      return withMessages(reply, async function* () {
        try {
          for await (const message of reply) {
            const kept = narrowed === undefined ? message : await narrowed.answer(message);
            // The rules may have changed while the lists were asked.
            check();
            if (kept !== undefined) yield kept;
          }
        } finally {
          leave?.();
        }
      });
    },
  };
}
