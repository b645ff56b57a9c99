import type { Metadata } from '../base/call.ts';

/** Where a call stands in a trace that its client has begun (W3C Trace Context). Ids in lower-case hex. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = 'traceparent';

/** Undefined for metadata without a traceparent, and for a malformed one, which is to be ignored (section 3.2). */
export function readTraceParent(metadata: Metadata): TraceParent | undefined {
  const value = metadata.find(([name]) => name === TRACEPARENT)?.[1];
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(value ?? '');
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return undefined;
  return { traceId: traceId!, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}

/** The metadata with this traceparent in place of its own. */
export function withTraceParent(metadata: Metadata, traceId: string, spanId: string): Metadata {
  return [...metadata.filter(([name]) => name !== TRACEPARENT), [TRACEPARENT, `00-${traceId}-${spanId}-01`]];
}
