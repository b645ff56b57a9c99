import type { CallOptions } from '../../base/call.ts';

/**
 * Options for a call that is over when the caller's is, or when `end` is called: a runtime that hangs would else keep open
 * what nobody waits for any more. Call `end` in any case.
 */
export function endableCall({ metadata, deadline, signal, watched, account }: CallOptions): {
  options: CallOptions;
  end: () => void;
} {
  const own = new AbortController();
  const forward = () => own.abort(signal.reason);
  if (signal.aborted) forward();
  else signal.addEventListener('abort', forward, { once: true });
  return {
    options: { metadata, deadline, signal: own.signal, watched, account },
    end() {
      signal.removeEventListener('abort', forward);
      own.abort();
    },
  };
}
