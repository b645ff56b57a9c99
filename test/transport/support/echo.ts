import type { Metadata, Method, ReplyStream, RequestStream, Service } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { type ReportFault, throwFault } from '../../../src/base/own-fault.ts';

const none: Metadata = [];

/** A reply stream of the messages. */
export function replyWith(
  messages: AsyncIterable<Buffer> | Iterable<Buffer>,
  headers = none,
  trailers = none,
): ReplyStream {
  return {
    headers: Promise.resolve(headers),
    trailers,
    async *[Symbol.asyncIterator]() {
      yield* messages;
    },
  };
}

// biome-ignore lint/correctness/useYield: it fails before its first message
async function* failing(code: number, message: string): AsyncGenerator<Buffer> {
  throw new ProxyError(code, message);
}

async function* join(requests: RequestStream): AsyncGenerator<Buffer> {
  for await (const request of requests) yield request;
}

const thrown = new TypeError('a fault of the handler');

/** Takes the fault of `/test.Test/Throw`. Any other is thrown. */
export const expectThrown: ReportFault = (fault, ended) => {
  if (fault !== thrown) throwFault(fault, ended);
};

const methods: Record<string, Method> = {
  '/test.Test/Echo': {
    kind: 'unary',
    handle: async (message, { metadata }) => ({ message, headers: metadata, trailers: metadata }),
  },
  '/test.Test/Fail': {
    kind: 'unary',
    handle: (message, { metadata }) =>
      Promise.reject(new ProxyError(Code.NotFound, message.toString(), { trailers: metadata })),
  },
  '/test.Test/FailWithHeaders': {
    kind: 'unary',
    handle: (message, { metadata }) =>
      Promise.reject(new ProxyError(Code.Aborted, message.toString(), { headers: metadata, trailers: metadata })),
  },
  '/test.Test/Throw': {
    kind: 'unary',
    handle: () => {
      throw thrown;
    },
  },
  '/test.Test/Hang': { kind: 'unary', handle: () => new Promise(() => {}) },
  '/test.Test/EchoStream': {
    kind: 'stream',
    handle: (requests, { metadata }) => replyWith(join(requests), metadata, metadata),
  },
  '/test.Test/FailStream': {
    kind: 'stream',
    handle: () => replyWith(failing(Code.Unimplemented, 'no such stream')),
  },
};

/** Methods that return their request, or fail in each way. */
export const echo: Service = path => methods[path];
