import type { CallOptions, Calls, Metadata, Reply, ReplyStream, RequestStream } from '../../base/call.ts';
import { UntakenError } from '../untaken.ts';
import { KeptRequests } from './kept-requests.ts';

/** The most times that a call is sent. A server that refuses all of them is not well. */
const ATTEMPTS = 12;

/** The sources of a connection for a call. */
export interface CallSources {
  /** The connection that accepts new calls; undefined if there will be one soon. Throws a ProxyError if there will not. */
  now(): Calls | undefined;
  /** Waits for a connection. Rejects with a ProxyError if there will be none, or with the signal's reason. */
  soon(options: CallOptions): Promise<Calls>;
}

/** Sends a call again if the server has not processed it. */
export class RetriedCalls implements Calls {
  private readonly sources: CallSources;

  constructor(sources: CallSources) {
    this.sources = sources;
  }

  call(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    let source: Calls | undefined;
    try {
      source = this.sources.now();
    } catch (fault) {
      return Promise.reject(fault as Error);
    }
    if (source === undefined) return this.callAgain(path, request, options);
    return source.call(path, request, options).catch(fault => {
      if (!(fault instanceof UntakenError)) throw fault;
      return this.callAgain(path, request, options);
    });
  }

  stream(path: string, requests: RequestStream, options: CallOptions): ReplyStream {
    const kept = new KeptRequests(requests);
    const source = this.sources.now();
    const first = source?.stream(path, kept.replay(), options);
    const headers = Promise.withResolvers<Metadata>();
    let reply: ReplyStream | undefined;
    const follow = (stream: ReplyStream) => {
      reply = stream;
      // A tick later the stream has failed, if the server has not processed it.
      void stream.headers.then(list => setImmediate(() => reply === stream && headers.resolve(list)));
    };
    if (first !== undefined) follow(first);
    const { sources } = this;
    async function* messages(): AsyncGenerator<Buffer, void, void> {
      try {
        for (let attempt = 1; ; attempt++) {
          if (reply === undefined) follow((await sources.soon(options)).stream(path, kept.replay(), options));
          try {
            yield* reply!;
            return;
          } catch (fault) {
            if (!(fault instanceof UntakenError) || !kept.areAll || attempt === ATTEMPTS) throw fault;
            reply = undefined;
          }
        }
      } finally {
        headers.resolve(reply === undefined ? [] : reply.headers);
      }
    }
    return {
      headers: headers.promise,
      get trailers() {
        return reply?.trailers ?? [];
      },
      [Symbol.asyncIterator]: messages,
    };
  }

  private async callAgain(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    for (let attempt = 2; ; attempt++) {
      const source = await this.sources.soon(options);
      try {
        return await source.call(path, request, options);
      } catch (fault) {
        if (!(fault instanceof UntakenError) || attempt >= ATTEMPTS) throw fault;
      }
    }
  }
}
