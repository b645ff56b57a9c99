import { type CallOptions, type Calls, changedCall, type Metadata } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { redactUrls } from '../base/redact-urls.ts';
import { withMessages } from '../base/reply-stream.ts';
import { beginPart, CallRecord, endPart, type Part } from './call-record.ts';

/** An observer of calls. It must not throw: its error would fail the call. */
export interface CallObserver {
  /** Whether records are to keep their messages. */
  readonly wantsBodies?: boolean;
  begun?(call: CallRecord): void;
  /** A request message has come, and nothing has been done with it yet. */
  requested?(call: CallRecord, request: Buffer): void;
  /** A message of so many bytes has come from the client, or goes to it. */
  passed?(call: CallRecord, at: 'request' | 'response', bytes: number): void;
  /** The metadata that goes to the runtime with the last part of the call, which has just begun. */
  outgoing?(call: CallRecord, metadata: Metadata): Metadata;
  /** A runtime has answered. `call` is undefined for a call of the proxy's own. */
  partEnded?(part: Part, call: CallRecord | undefined): void;
  ended?(call: CallRecord): void;
}

/** Tells observers of every call. */
export class CallWatch {
  private observers: readonly CallObserver[] = [];
  private last = 0;

  /** Adds an observer until the returned function is called. */
  add(observer: CallObserver): () => void {
    this.observers = [...this.observers, observer];
    return () => {
      this.observers = this.observers.filter(each => each !== observer);
    };
  }

  /** `socket`: as in CallRecord. */
  begin(path: string, streams: boolean, options: CallOptions, socket = ''): CallRecord {
    this.last++;
    const about = options.userAgent ?? '';
    const call = new CallRecord(this.last, redactUrls(path), streams, about, options.metadata, socket, this.partEnded);
    options.watched = call;
    for (const observer of this.observers) observer.begun?.(call);
    return call;
  }

  end(call: CallRecord, fault?: unknown): void {
    call.endedAt = performance.now();
    if (fault !== undefined) {
      const error = ProxyError.from(fault);
      call.code = error.code;
      call.message = redactUrls(error.message);
    }
    for (const observer of this.observers) observer.ended?.(call);
  }

  /** A message of the call has passed; `at` says on which side. */
  pass(call: CallRecord, at: 'request' | 'response', message: Buffer): void {
    if (at === 'request') call.requestBytes += message.length;
    else call.responseBytes += message.length;
    for (const observer of this.observers) {
      observer.passed?.(call, at, message.length);
      if (observer.wantsBodies) call[at] ??= message;
      if (at === 'request') observer.requested?.(call, message);
    }
  }

  /** Notes the begin of a call to a runtime. The returned function is to be called with its outcome. */
  send(runtime: string, path: string, options: CallOptions): (code: Code) => void {
    if (options.watched !== undefined) return options.watched.sent(runtime, path);
    const part = beginPart(runtime, path);
    return code => {
      endPart(part, code);
      for (const observer of this.observers) observer.partEnded?.(part, undefined);
    };
  }

  /** The options with which the call that `send` has just begun goes out: the same, unless an observer has metadata to add. */
  outgoing(options: CallOptions): CallOptions {
    const call = options.watched;
    if (!(call instanceof CallRecord)) return options;
    let { metadata } = options;
    for (const observer of this.observers) if (observer.outgoing) metadata = observer.outgoing(call, metadata);
    return metadata === options.metadata ? options : changedCall(options, { metadata });
  }

  private readonly partEnded = (call: CallRecord, part: Part): void => {
    for (const observer of this.observers) observer.partEnded?.(part, call);
  };
}

/** The same calls to the runtime with this id, watched. */
export function watchedCalls(runtime: string, calls: Calls, watch: CallWatch): Calls {
  return {
    async call(path, request, options) {
      const end = watch.send(runtime, path, options);
      try {
        const reply = await calls.call(path, request, watch.outgoing(options));
        end(Code.OK);
        return reply;
      } catch (fault) {
        end(ProxyError.from(fault).code);
        throw fault;
      }
    },
    stream(path, requests, options) {
      const end = watch.send(runtime, path, options);
      const reply = calls.stream(path, requests, watch.outgoing(options));
      return withMessages(reply, async function* () {
        // A reader that leaves early ends the call.
        let code: Code = Code.Cancelled;
        try {
          yield* reply;
          code = Code.OK;
        } catch (fault) {
          code = ProxyError.from(fault).code;
          throw fault;
        } finally {
          end(code);
        }
      });
    },
  };
}
