import { clearAlarm, setAlarm } from '../base/alarm.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';

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
      reject(new ProxyError(Code.DeadlineExceeded, `no answer within ${limit} ms`));
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
