import type { CallOptions } from '../../base/call.ts';
import { seconds } from '../../base/figure-text.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Runtime } from '../port/runtime.ts';

/** The same call. A client whose deadline passes during it learns the runtime that has not answered, and for how long. */
export async function waitingFor<T>(
  runtime: Runtime,
  method: string,
  options: CallOptions,
  call: Promise<T>,
): Promise<T> {
  const askedAt = performance.now();
  const describe = () => {
    const since = runtime.silence?.since;
    const nothing =
      since === undefined ? '' : `; the runtime has answered no call since ${new Date(since).toISOString()}`;
    return `criproxy: ${runtimeName(runtime.id)} has not answered ${method} for ${seconds(performance.now() - askedAt)}${nothing}`;
  };
  options.waitsFor = describe;
  try {
    return await call;
  } finally {
    if (options.waitsFor === describe) options.waitsFor = undefined;
  }
}

/** The same stream; the call waits for its first message. */
export async function* waitingForFirst(
  runtime: Runtime,
  method: string,
  options: CallOptions,
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  const messages = stream[Symbol.asyncIterator]();
  try {
    let next = await waitingFor(runtime, method, options, messages.next());
    for (; next.done !== true; next = await messages.next()) yield next.value;
  } finally {
    void messages.return?.()?.catch(() => {});
  }
}
