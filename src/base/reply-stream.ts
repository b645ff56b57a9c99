import type { Metadata, ReplyStream } from './call.ts';

/** A stream of other messages, made from the messages of `reply`, with the metadata of `reply`. */
export function withMessages(reply: ReplyStream, messages: () => AsyncIterator<Buffer>): ReplyStream {
  return {
    headers: reply.headers,
    get trailers() {
      return reply.trailers;
    },
    [Symbol.asyncIterator]: messages,
  };
}

/** A stream that has yet to begin. Its reader gets the fault if it never begins. */
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
