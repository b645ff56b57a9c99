import { randomBytes } from 'node:crypto';
import type { Metadata } from '../base/call.ts';
import { runtimeLabel } from '../base/runtime-name.ts';
import type { CallRecord, Part } from './call-record.ts';
import type { CallObserver } from './call-watch.ts';
import type { Span } from './span.ts';
import { readTraceParent, withTraceParent } from './trace-context.ts';

/** The ids of a call that is recorded, and of its parts. */
interface Trace {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly parts: Map<Part, string>;
}

/**
 * Makes a span of each call and of each of its parts, in the client's trace if it has one, and tells the runtime of it. A
 * client that does not sample its trace is left alone.
 */
export class SpanRecorder implements CallObserver {
  private readonly traces = new WeakMap<CallRecord, Trace>();
  private readonly take: (span: Span) => void;

  constructor(take: (span: Span) => void) {
    this.take = take;
  }

  begun(call: CallRecord): void {
    const parent = readTraceParent(call.metadata);
    if (parent?.sampled === false) return;
    this.traces.set(call, {
      traceId: parent?.traceId ?? randomId(16),
      spanId: randomId(8),
      parentSpanId: parent?.spanId ?? '',
      parts: new Map(),
    });
  }

  outgoing(call: CallRecord, metadata: Metadata): Metadata {
    const trace = this.traces.get(call);
    const part = call.parts.at(-1);
    if (trace === undefined || part === undefined) return metadata;
    const spanId = randomId(8);
    trace.parts.set(part, spanId);
    return withTraceParent(metadata, trace.traceId, spanId);
  }

  partEnded(part: Part, call: CallRecord | undefined): void {
    const trace = call && this.traces.get(call);
    const spanId = trace?.parts.get(part);
    if (trace === undefined || spanId === undefined) return;
    this.take({
      traceId: trace.traceId,
      spanId,
      parentSpanId: trace.spanId,
      kind: 'client',
      path: part.path,
      runtimes: [runtimeLabel(part.runtime)],
      begunAt: part.begunAt,
      endedAt: part.endedAt!,
      code: part.code,
      message: '',
      userAgent: '',
    });
  }

  ended(call: CallRecord): void {
    const trace = this.traces.get(call);
    if (trace === undefined) return;
    this.take({
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      kind: 'server',
      path: call.path,
      runtimes: [...new Set(call.parts.map(({ runtime }) => runtimeLabel(runtime)))],
      begunAt: call.begunAt,
      endedAt: call.endedAt!,
      code: call.code,
      message: call.message,
      userAgent: call.userAgent,
    });
  }
}

function randomId(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
