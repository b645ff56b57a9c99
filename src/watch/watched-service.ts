import type { Method, Reply, ReplyStream, RequestStream, Service } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { withMessages } from '../base/reply-stream.ts';
import type { CallRecord } from './call-record.ts';
import type { CallWatch } from './call-watch.ts';

/** The same service, each call of it watched. `socket`: where its clients are, as in CallRecord. */
export function watchedService(service: Service, watch: CallWatch, socket = ''): Service {
  const watched = new WeakMap<Method, Method>();
  return path => {
    const method = service(path);
    if (method === undefined) return undefined;
    let known = watched.get(method);
    if (known === undefined) {
      known =
        method.kind === 'unary' ? watchUnary(path, method, watch, socket) : watchStream(path, method, watch, socket);
      watched.set(method, known);
    }
    return known;
  };
}

function watchUnary(path: string, method: Method & { kind: 'unary' }, watch: CallWatch, socket: string): Method {
  return {
    kind: 'unary',
    async handle(request, options): Promise<Reply> {
      const call = watch.begin(path, false, options, socket);
      watch.pass(call, 'request', request);
      try {
        const reply = await method.handle(request, options);
        watch.pass(call, 'response', reply.message);
        watch.end(call);
        return reply;
      } catch (fault) {
        watch.end(call, fault);
        throw fault;
      }
    },
  };
}

function watchStream(path: string, method: Method & { kind: 'stream' }, watch: CallWatch, socket: string): Method {
  return {
    kind: 'stream',
    handle(requests, options): ReplyStream {
      const call = watch.begin(path, true, options, socket);
      const reply = method.handle(passing(requests, call, watch), options);
      return withMessages(reply, async function* () {
        let outcome: unknown = new ProxyError(Code.Cancelled, 'the client reads no more');
        try {
          for await (const message of reply) {
            watch.pass(call, 'response', message);
            yield message;
          }
          outcome = undefined;
        } catch (fault) {
          outcome = fault;
          throw fault;
        } finally {
          watch.end(call, outcome);
        }
      });
    },
  };
}

async function* passing(requests: RequestStream, call: CallRecord, watch: CallWatch): AsyncGenerator<Buffer> {
  for await (const message of requests) {
    watch.pass(call, 'request', message);
    yield message;
  }
}
