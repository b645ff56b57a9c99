import type { CallOptions, Calls, Metadata, Reply, ReplyStream, RequestStream } from '../../base/call.ts';
import { UntakenError } from '../untaken.ts';
import { KeptRequests } from './kept-requests.ts';

/** How often a call is sent at most. A server that takes none of so many is not well. */
const ATTEMPTS = 12;

/** Where calls go: at once, if a connection takes them, and else once one does. */
export interface Takers {
  /** The calls of the connection that takes new ones. Throws a ProxyError if there is none, nor soon will be. */
  now(): Calls | undefined;
  /** Waits for one; rejects with a ProxyError if there will be none, or with the signal's reason. */
  soon(options: CallOptions): Promise<Calls>;
}

/** Calls that are sent again while the server has not taken them. */
export class RetriedCalls implements Calls {
  private readonly takers: Takers;

  constructor(takers: Takers) {
    this.takers = takers;
  }

  call(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    let taker: Calls | undefined;
    try {
      taker = this.takers.now();
    } catch (fault) {
      return Promise.reject(fault as Error);
    }
    if (taker === undefined) return this.callAgain(path, request, options);
    return taker.call(path, request, options).catch(fault => {
      if (!(fault instanceof UntakenError)) throw fault;
      return this.callAgain(path, request, options);
    });
  }

  stream(path: string, requests: RequestStream, options: CallOptions): ReplyStream {
    const kept = new KeptRequests(requests);
    const taker = this.takers.now();
    const first = taker?.stream(path, kept.replay(), options);
    const headers = Promise.withResolvers<Metadata>();
    let reply: ReplyStream | undefined;
    const follow = (stream: ReplyStream) => {
      reply = stream;
      // A tick later: by then it is known whether the stream has failed untaken.
      stream.headers.then(list => setImmediate(() => reply === stream && headers.resolve(list)));
    };
    if (first !== undefined) follow(first);
    const { takers } = this;
    async function* messages(): AsyncGenerator<Buffer, void, void> {
      try {
        for (let attempt = 1; ; attempt++) {
          if (reply === undefined) follow((await takers.soon(options)).stream(path, kept.replay(), options));
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
      const taker = await this.takers.soon(options);
      try {
        return await taker.call(path, request, options);
      } catch (fault) {
        if (!(fault instanceof UntakenError) || attempt >= ATTEMPTS) throw fault;
      }
    }
  }
}
