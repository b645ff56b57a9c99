import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';

/**
 * The server has said of a call that it did nothing about it, so that it may be sent again, whatever it is (gRPC proposal A6,
 * "Transparent Retries"): its stream is above the last one of GOAWAY, or was reset with REFUSED_STREAM, or was never opened.
 */
export class UntakenError extends ProxyError {
  constructor(message: string) {
    super(Code.Unavailable, message);
  }
}
