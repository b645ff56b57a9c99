import { clearAlarm, setAlarm } from '../../base/alarm.ts';
import type { CallOptions } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';

/**
 * The call's own outcome if it comes within `limit` ms, else a rejection with DeadlineExceeded; `late` is called then, and
 * again with the call's end.
 */
export function within<T>(limit: number, call: Promise<T>, late: (over: boolean) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const alarm = setAlarm(performance.now() + limit, () => {
      isLate = true;
      late(false);
      reject(new ProxyError(Code.DeadlineExceeded, `no answer within ${Math.round(limit)} ms`));
    });
    const over = () => {
      clearAlarm(alarm);
      if (isLate) late(true);
    };
    call.then(
      value => {
        over();
        resolve(value);
      },
      fault => {
        over();
        reject(fault);
      },
    );
  });
}

/**
 * How long a client's call waits for an answer that may take `limit` ms, in ms: less than the client's own deadline, since a later
 * answer is of no use to it. A short deadline proves nothing about the runtime.
 */
export function clientPatience({ deadline }: CallOptions, limit: number): number {
  return deadline === undefined ? limit : Math.max(1, Math.min(limit, (deadline - performance.now()) * 0.75));
}

/** Resolves after `ms`, or as soon as the call is over. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
