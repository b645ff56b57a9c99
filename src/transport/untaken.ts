import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';

/**
 * The server has not processed the call, so that any call may be sent again (gRPC proposal A6, "Transparent Retries"): its stream
 * is above the last stream of GOAWAY, or was reset with REFUSED_STREAM, or was never opened.
 */
export class UntakenError extends ProxyError {
  constructor(message: string) {
    super(Code.Unavailable, message);
  }
}
