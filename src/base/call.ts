import type { MemoryAccount } from './memory-account.ts';
import type { WatchedCall } from './watched-call.ts';

/**
 * gRPC metadata in the order of the wire: lower-case names, values as they are on the wire, so that a `-bin` value is
 * base64 text. Holds no pseudo-headers and nothing that gRPC itself owns (`grpc-status`, `grpc-timeout`, `te`, ...).
 */
export type Metadata = ReadonlyArray<readonly [name: string, value: string]>;

/** The attributes of a call, the same towards the runtime as from the client. */
export interface CallOptions {
  readonly metadata: Metadata;
  /** When the caller stops waiting: milliseconds on the clock of performance.now(). Undefined: never. */
  readonly deadline: number | undefined;
  /** Aborted when the caller cancels, goes away, or its deadline passes. */
  readonly signal: AbortSignal;
  /** The client's user-agent header; empty or undefined without one. */
  readonly userAgent?: string | undefined;
  /** The client's call that this call serves; undefined for a call of the proxy's own, and without observers. */
  watched?: WatchedCall | undefined;
  /** The account that the call's messages are charged to; undefined for a call of the proxy's own. */
  readonly account?: MemoryAccount | undefined;
  /** Notes the reason while the call waits for a runtime; a client whose deadline passes is told it. */
  waitsFor?: (() => string) | undefined;
  /** The likely answer of a unary call: an answer with the same bytes is this Buffer itself. */
  readonly likely?: Buffer | undefined;
}

/**
 * The same options with these changes. The signal is read only when a reader asks for it here. A spread (`...options`) would lose it: the
 * options of a client's call have it as a getter of their class.
 */
export function changedCall(
  options: CallOptions,
  changes: Partial<Pick<CallOptions, 'metadata' | 'likely'>>,
): CallOptions {
  const { metadata, deadline, userAgent, watched, account, likely } = options;
  return {
    metadata,
    deadline,
    get signal() {
      return options.signal;
    },
    userAgent,
    watched,
    account,
    likely,
    ...changes,
  };
}

/** The answer of a unary call that ended with OK; any other status is a ProxyError. */
export interface Reply {
  readonly message: Buffer;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

/**
 * The answer of a streaming call. Each `next()` takes one message from the sender, so that a slow reader holds back the
 * sender; iteration throws a ProxyError for a status other than OK; leaving the loop early cancels the call. It can be
 * iterated once.
 */
export interface ReplyStream extends AsyncIterable<Buffer> {
  /** Never rejects: empty when the call failed before its headers came. */
  readonly headers: Promise<Metadata>;
  /** Empty until iteration has ended. */
  readonly trailers: Metadata;
}

/** Request messages of a streaming call. */
export type RequestStream = AsyncIterable<Buffer> | Iterable<Buffer>;

/** Calls to a peer. `path` is a whole gRPC path. `call` rejects with a ProxyError. */
export interface Calls {
  call(path: string, request: Buffer, options: CallOptions): Promise<Reply>;
  stream(path: string, requests: RequestStream, options: CallOptions): ReplyStream;
}

/** How one method is served. */
export type Method =
  | { readonly kind: 'unary'; handle(request: Buffer, options: CallOptions): Promise<Reply> }
  | { readonly kind: 'stream'; handle(requests: RequestStream, options: CallOptions): ReplyStream };

/** A service: the method at a gRPC path (`/package.Service/Method`); undefined is Unimplemented. */
export type Service = (path: string) => Method | undefined;
