import type { Metadata } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { redactUrls } from '../base/redact-urls.ts';
import type { WatchedCall } from '../base/watched-call.ts';

/** A call to a runtime that was made to serve a client's call. Times in ms, on the clock of performance.now(). */
export interface Part {
  /** The id of the runtime; empty for the primary. */
  readonly runtime: string;
  readonly path: string;
  readonly begunAt: number;
  /** Undefined while it runs. */
  endedAt: number | undefined;
  code: Code;
}

export function beginPart(runtime: string, path: string): Part {
  return { runtime, path: redactUrls(path), begunAt: performance.now(), endedAt: undefined, code: Code.OK };
}

export function endPart(part: Part, code: Code): void {
  part.endedAt = performance.now();
  part.code = code;
}

/** A client's call, from its coming to its end. Times in ms, on the clock of performance.now(). */
export class CallRecord implements WatchedCall {
  readonly id: number;
  /** The whole gRPC path. */
  readonly path: string;
  readonly streams: boolean;
  readonly userAgent: string;
  /** The client's. */
  readonly metadata: Metadata;
  /** The path of the socket that it has come by; empty for the node's own. */
  readonly socket: string;
  readonly begunAt: number;
  endedAt: number | undefined = undefined;
  /** How it ended, and with which message if not with OK. */
  code: Code = Code.OK;
  message = '';
  readonly parts: Part[] = [];
  /** Of messages, without framing. */
  requestBytes = 0;
  responseBytes = 0;
  /** The first request message, and the answer of a unary call, as the client has them; kept only while somebody wants bodies. */
  request: Buffer | undefined = undefined;
  response: Buffer | undefined = undefined;
  private readonly onPart: (call: CallRecord, part: Part) => void;

  constructor(
    id: number,
    path: string,
    streams: boolean,
    userAgent: string,
    metadata: Metadata,
    socket: string,
    onPart: (call: CallRecord, part: Part) => void,
  ) {
    this.id = id;
    this.path = path;
    this.streams = streams;
    this.userAgent = userAgent;
    this.metadata = metadata;
    this.socket = socket;
    this.begunAt = performance.now();
    this.onPart = onPart;
  }

  sent(runtime: string, path: string): (code: number) => void {
    const part = beginPart(runtime, path);
    this.parts.push(part);
    return code => {
      endPart(part, code);
      this.onPart(this, part);
    };
  }
}
