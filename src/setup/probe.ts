import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { ownCall } from '../base/own-call.ts';
import { greet } from '../cri/ask/greet.ts';
import type { Greeting } from '../cri/read/greeting.ts';
import { podNameOf } from '../cri/read/item-names.ts';
import { itemsById } from '../cri/read/listing.ts';
import { isReady } from '../cri/read/pod-identity.ts';
import { type RunningContainer, readRunningContainers } from '../cri/read/running-container.ts';
import { makeDial } from '../transport/grpc/client/client.ts';
import { endpointPath } from './endpoint.ts';
import type { RuntimeAnswer } from './host.ts';

/** How long a runtime may take for each step, in ms. */
const LIMIT = 5_000;

/** The least time for a step of the last try, in ms. */
const LEAST = 500;

const dial = makeDial({ userAgent: 'criproxy-setup' });

/** Calls a method of a runtime with an empty message, in a service of the newest CRI API package that has it. */
type Ask = (service: string, method: string) => Promise<Buffer>;

/** Connects to a CRI socket; `limit` in ms is for each step: the connection, the greeting, each call. */
async function atRuntime<T>(
  socket: string,
  limit: number,
  act: (greeting: Greeting, ask: Ask) => Promise<T>,
): Promise<T> {
  const session = await dial(endpointPath(socket), limit);
  try {
    const greeting = await greet(session, limit);
    return await act(greeting, async (service, method) => {
      let last: unknown;
      for (const each of greeting.packages) {
        try {
          return (await session.call(`/${each}.${service}/${method}`, Buffer.alloc(0), ownCall(limit))).message;
        } catch (fault) {
          last = fault;
          if (ProxyError.from(fault).code !== Code.Unimplemented) break;
        }
      }
      throw last;
    });
  } catch (fault) {
    throw isLate(fault) || isLate((fault as Error).cause)
      ? new Error(`no answer within ${Math.round(limit)} ms`)
      : fault;
  } finally {
    session.close();
  }
}

function isLate(fault: unknown): boolean {
  return fault instanceof ProxyError && fault.code === Code.DeadlineExceeded;
}

/**
 * Asks the CRI socket for Version and ImageFsInfo, the two calls that a kubelet needs to start; tries for `ms` milliseconds, and then
 * throws the last error in words.
 */
export async function probeRuntime(socket: string, ms: number): Promise<RuntimeAnswer> {
  const end = performance.now() + ms;
  for (;;) {
    try {
      const limit = Math.min(LIMIT, Math.max(end - performance.now(), LEAST));
      return await atRuntime(socket, limit, async ({ runtimeName, runtimeVersion }, ask) => {
        await ask('ImageService', 'ImageFsInfo');
        return { name: runtimeName, version: runtimeVersion };
      });
    } catch (fault) {
      if (performance.now() >= end) throw fault;
    }
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

/** The runtime's PodSandboxes that are ready, as `namespace/name`. Throws the error in words. */
export function listReadyPods(socket: string): Promise<readonly string[]> {
  return atRuntime(socket, LIMIT, async (_, ask) => {
    const list = await ask('RuntimeService', 'ListPodSandbox');
    const ready = [...itemsById(list).values()].filter(isReady).map(podNameOf);
    return ready.map(({ namespace, pod }) => `${namespace}/${pod}`);
  });
}

/** The runtime's containers that run. Throws the error in words. */
export function listRunningContainers(socket: string): Promise<readonly RunningContainer[]> {
  return atRuntime(socket, LIMIT, async (_, ask) =>
    readRunningContainers(await ask('RuntimeService', 'ListContainers')),
  );
}
