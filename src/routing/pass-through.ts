import type { CallOptions, Method, ReplyStream, RequestStream } from '../base/call.ts';
import type { Logger } from '../base/logger.ts';
import { whenUp } from './availability.ts';
import { failed } from './failed.ts';
import type { Runtime } from './runtime.ts';

/**
 * A method that has no row, of CRI or of another service, as the primary serves it: messages and metadata unchanged, however
 * many go either way. Tomorrow's CRI works so before its rows are written, for pods of the primary.
 */
export function passThrough(path: string, primary: Runtime, wait: number, log: Logger): Method {
  return {
    kind: 'stream',
    handle(requests, options) {
      if (log.enabled(3)) {
        const text = `${path} is no method that criproxy knows: the primary runtime gets it`;
        log.info(3, text, undefined, { call: options.watched, method: path, runtime: primary.id });
      }
      const reply =
        primary.state.kind === 'up'
          ? primary.stream(path, requests, options)
          : later(path, primary, wait, requests, options);
      return {
        headers: reply.headers,
        get trailers() {
          return reply.trailers;
        },
        async *[Symbol.asyncIterator]() {
          try {
            yield* reply;
          } catch (fault) {
            throw failed(log, path, fault, options);
          }
        },
      };
    },
  };
}

function later(
  path: string,
  primary: Runtime,
  wait: number,
  requests: RequestStream,
  options: CallOptions,
): ReplyStream {
  let reply: ReplyStream | undefined;
  const opened = whenUp(primary, wait, options).then(() => {
    reply = primary.stream(path, requests, options);
    return reply;
  });
  return {
    headers: opened.then(
      ({ headers }) => headers,
      () => [],
    ),
    get trailers() {
      return reply?.trailers ?? [];
    },
    async *[Symbol.asyncIterator]() {
      yield* await opened;
    },
  };
}
