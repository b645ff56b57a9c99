import type { CallOptions, Calls } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { laterStream } from '../base/reply-stream.ts';
import type { Faults, Verdict } from './faults.ts';

/** The same calls to the runtime with this id, with the faults in them; `cut` ends its connection, as a crash does. */
export function faultyCalls(runtime: string, calls: Calls, faults: Faults, cut: () => void): Calls {
  return {
    async call(path, request, options) {
      const verdict = faults.meet(runtime, methodOf(path));
      if (verdict !== undefined) await carryOut(verdict, options, cut);
      return calls.call(path, request, options);
    },
    stream(path, requests, options) {
      const verdict = faults.meet(runtime, methodOf(path));
      if (verdict === undefined) return calls.stream(path, requests, options);
      return laterStream(carryOut(verdict, options, cut).then(() => calls.stream(path, requests, options)));
    },
  };
}

function methodOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Resolves when the call may go on. Rejects with a ProxyError. */
async function carryOut({ delay, end, cleared }: Verdict, options: CallOptions, cut: () => void): Promise<void> {
  if (delay > 0) await pause(delay, options, never);
  switch (end?.kind) {
    case undefined:
      return;
    case 'error':
      throw new ProxyError(end.code, end.message);
    case 'hang':
      await pause(undefined, options, cleared);
      throw new ProxyError(Code.Unavailable, 'criproxy: the injected fault that this call hung in was cleared');
    case 'drop':
      cut();
      throw new ProxyError(Code.Unavailable, 'criproxy: an injected fault has cut the connection to the runtime');
  }
}

const never = new AbortController().signal;

/** Until so many ms are over, undefined for ever, or until `over`. Rejects when the caller cancels or its deadline passes. */
function pause(ms: number | undefined, { signal, deadline }: CallOptions, over: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const left = deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, deadline - performance.now());
  const late = () =>
    reject(new ProxyError(Code.DeadlineExceeded, 'criproxy: the deadline passed in an injected fault'));
  const cancel = () => {
    if (deadline !== undefined && performance.now() >= deadline) late();
    else reject(new ProxyError(Code.Cancelled, 'criproxy: the call was cancelled in an injected fault'));
  };
  const timers: NodeJS.Timeout[] = [];
  if (left < Number.POSITIVE_INFINITY) timers.push(setTimeout(late, left));
  if (ms !== undefined) timers.push(setTimeout(resolve, ms));
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  const end = () => resolve();
  if (over.aborted) end();
  else over.addEventListener('abort', end, { once: true });
  return promise.finally(() => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    over.removeEventListener('abort', end);
  });
}
