import type { CallOptions } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { EndingCall } from '../../base/ending-call.ts';
import { ProxyError } from '../../base/error.ts';

interface Endable {
  readonly options: CallOptions;
  end(): void;
}

const ended = new ProxyError(Code.Cancelled, 'the call was cancelled');

/**
 * Options for a call that ends with the caller's, or with `end`, which is to be called in any case. Without it a runtime that hangs
 * would keep open a call that nobody waits for.
 */
export function endableCall(options: CallOptions): Endable {
  return options instanceof EndingCall ? endableFollower(options) : endableBySignal(options);
}

/** For a client's call, without a signal as long as nobody looks at one. */
function endableFollower(options: EndingCall): Endable {
  const { metadata, deadline, userAgent, account } = options;
  const own = new EndingCall(metadata, deadline, userAgent, account);
  own.watched = options.watched;
  options.follow(own);
  return {
    options: own,
    end() {
      options.unfollow(own);
      own.cancel(ended);
    },
  };
}

function endableBySignal({ metadata, deadline, signal, watched, account }: CallOptions): Endable {
  const own = new AbortController();
  const forward = () => own.abort(signal.reason);
  if (signal.aborted) forward();
  else signal.addEventListener('abort', forward, { once: true });
  return {
    options: { metadata, deadline, signal: own.signal, watched, account },
    end() {
      signal.removeEventListener('abort', forward);
      own.abort(ended);
    },
  };
}
