import type { CallOptions } from '../../base/call.ts';
import type { ProxyError } from '../../base/error.ts';
import { notUp } from '../../base/not-up.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Runtime, RuntimeState } from '../port/runtime.ts';

export function unavailable(runtime: Runtime, state: RuntimeState): ProxyError {
  return notUp(runtimeName(runtime.id), state.kind === 'down' ? state.reason : 'it has just come up');
}

/**
 * Resolves when the runtime is up; rejects with Unavailable after `limit` ms, and as soon as the call is over.
 */
export function whenUp(runtime: Runtime, limit: number, options: CallOptions): Promise<void> {
  if (runtime.state.kind === 'up') return Promise.resolve();
  if (limit <= 0 || options.signal.aborted) return Promise.reject(unavailable(runtime, runtime.state));
  return new Promise((resolve, reject) => {
    const fail = () => settle(() => reject(unavailable(runtime, runtime.state)));
    const timer = setTimeout(fail, limit);
    const forget = runtime.onChange(state => {
      if (state.kind === 'up') settle(resolve);
    });
    options.signal.addEventListener('abort', fail, { once: true });
    function settle(how: () => void): void {
      clearTimeout(timer);
      forget();
      options.signal.removeEventListener('abort', fail);
      how();
    }
  });
}
