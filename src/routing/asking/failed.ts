import type { CallOptions } from '../../base/call.ts';
import { Code, codeName } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';

/** The error that a call ends with, logged as a failed request. A call that its client has cancelled is no failure. */
export function failed(log: Logger, method: string, fault: unknown, options: CallOptions): ProxyError {
  const error = ProxyError.from(fault);
  const givenUp = error.code === Code.Cancelled && options.signal.aborted;
  if (log.enabled(Level.Failed) && !givenUp) {
    log.info(Level.Failed, `${method} failed: ${codeName(error.code)}: ${error.message}`, undefined, {
      call: options.watched,
      method,
    });
  }
  return error;
}
