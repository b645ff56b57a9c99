/** A call to a runtime that was made for a call. `runtime`: `primary` or its id. */
export interface TracePart {
  readonly runtime: string;
  readonly method: string;
  readonly ms: number;
  readonly code: string;
}

/** A call as a trace tells it: at its end and, of a stream, at its begin too. Empty text: not known, or none. */
export interface TracedCall {
  readonly kind: 'begin' | 'end';
  /** The request id, which the log lines of the call have too. */
  readonly id: number;
  /** When it came, ISO 8601. */
  readonly time: string;
  /** The client's user-agent. */
  readonly client: string;
  /** The socket that it has come by, if it is not the node's own. */
  readonly socket: string;
  /** The method's name and CRI API package; the whole path and empty for one that is not CRI's. */
  readonly method: string;
  readonly package: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly image: string;
  /** The labels of the runtimes that were asked, or would have been. */
  readonly runtimes: readonly string[];
  readonly ms: number;
  /** A gRPC status by name, empty at the begin. */
  readonly code: string;
  readonly message: string;
  readonly parts: readonly TracePart[];
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** With `body`: decoded and redacted. */
  readonly request?: unknown;
  readonly response?: unknown;
  /** With `record`: the gRPC path, the redacted request in base64, and the id of the pod or container that the call has made. */
  readonly path?: string;
  readonly raw?: string;
  readonly made?: string;
}

/** One line of GET /v1/trace, in JSON. `start` is the first; `lost` stands where calls came too fast for the reader. */
export type TraceLine =
  | { readonly kind: 'start'; readonly time: string }
  | { readonly kind: 'lost'; readonly lines: number }
  | TracedCall;

/** The path that traces are read at, with a query of these. */
export const TRACE_PATH = '/v1/trace';

/**
 * `pod`: `[NAMESPACE/]NAME`, globs. `runtime`: a label or id. `method`, `socket`: globs. `slow`: the least duration in ms. The others are `true`
 * or `false`: `errors`, calls that failed alone; `body`, messages decoded; `record`, requests as bytes.
 */
export const traceFilters = ['pod', 'runtime', 'method', 'socket', 'errors', 'slow', 'body', 'record'] as const;

export type TraceQuery = Partial<Record<(typeof traceFilters)[number], string>>;
