import type { Metadata } from './call.ts';
import { Code } from './codes.ts';

/**
 * A gRPC status other than OK. The client gets `message` unchanged. `headers` and `trailers` are the metadata of the status
 * (`grpc-status-details-bin` is one of the trailers).
 */
export class ProxyError extends Error {
  readonly code: Code;
  readonly headers: Metadata;
  readonly trailers: Metadata;

  constructor(code: Code, message: string, extra: { cause?: unknown; headers?: Metadata; trailers?: Metadata } = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = 'ProxyError';
    this.code = code;
    this.headers = extra.headers ?? [];
    this.trailers = extra.trailers ?? [];
  }

  /** A ProxyError stays itself; anything else is a fault of ours and becomes Internal with the original as its cause. */
  static from(fault: unknown): ProxyError {
    if (fault instanceof ProxyError) return fault;
    const message = fault instanceof Error ? fault.message : String(fault);
    return new ProxyError(Code.Internal, `criproxy: ${message}`, { cause: fault });
  }
}
