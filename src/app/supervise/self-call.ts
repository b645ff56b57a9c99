import type { Method, Service } from '../../base/call.ts';
import { type DialOptions, makeDial } from '../../transport/grpc/client/client.ts';

/** A method that criproxy itself answers. It is no method of CRI, nor of any runtime. */
const PATH = '/criproxy.Self/Check';

const check: Method = { kind: 'unary', handle: async () => ({ message: Buffer.alloc(0), headers: [], trailers: [] }) };

/** The service, and the method that the proxy answers without any runtime. */
export function withSelfCheck(service: Service): Service {
  return path => (path === PATH ? check : service(path));
}

/** Calls that method over a new connection to the socket at `path`. Rejects if there is no answer within `timeout` ms. */
export async function callSelf(path: string, timeout: number, options: DialOptions): Promise<void> {
  const signal = AbortSignal.timeout(timeout);
  const session = await makeDial(options)(path, timeout);
  try {
    await session.call(PATH, Buffer.alloc(0), { metadata: [], deadline: performance.now() + timeout, signal });
  } catch (fault) {
    throw signal.aborted ? new Error(`no answer within ${timeout} ms`, { cause: fault }) : fault;
  } finally {
    session.close();
  }
}
