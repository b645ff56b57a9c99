import type { Metadata, ReplyStream } from './call.ts';

/** A stream with other messages, made from those of `reply`, and its metadata. */
export function withMessages(reply: ReplyStream, messages: () => AsyncIterator<Buffer>): ReplyStream {
  return {
    headers: reply.headers,
    get trailers() {
      return reply.trailers;
    },
    [Symbol.asyncIterator]: messages,
  };
}

/** A stream that has yet to begin. Whoever reads it gets the fault if it does not. */
export function laterStream(begun: Promise<ReplyStream>): ReplyStream {
  let reply: ReplyStream | undefined;
  return {
    headers: begun.then(
      (stream): Promise<Metadata> => {
        reply = stream;
        return stream.headers;
      },
      () => [],
    ),
    get trailers() {
      return reply?.trailers ?? [];
    },
    async *[Symbol.asyncIterator]() {
      yield* await begun;
    },
  };
}
