import { Code } from '../base/codes.ts';

/** Of a client's call, or of a call to a runtime that serves it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly kind: 'server' | 'client';
  /** The gRPC path. */
  readonly path: string;
  /** Labels of the runtimes. */
  readonly runtimes: readonly string[];
  /** In ms, on the clock of performance.now(). */
  readonly begunAt: number;
  readonly endedAt: number;
  readonly code: Code;
  readonly message: string;
  /** Of the client, if it is known. */
  readonly userAgent: string;
}

/** Of OTLP: SpanKind and StatusCode (opentelemetry-proto, trace/v1/trace.proto). */
const KINDS = { server: 2, client: 3 } as const;
const STATUS_ERROR = 2;

/** The codes that are the server's own fault, by OpenTelemetry's conventions for gRPC. */
const serverErrors: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** The JSON of an ExportTraceServiceRequest. `epoch`: the offset from a span's times to ms since 1970. */
export function exportRequest(spans: readonly Span[], version: string, host: string, epoch: number): string {
  const resource = {
    attributes: [text('service.name', 'criproxy'), text('service.version', version), text('host.name', host)],
  };
  const scope = { name: 'criproxy', version };
  const encoded = spans.map(span => encodeSpan(span, epoch));
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: encoded }] }] });
}

function encodeSpan(span: Span, epoch: number) {
  const { traceId, spanId, parentSpanId, kind, path, code, message, userAgent } = span;
  const name = path.slice(1);
  const slash = name.lastIndexOf('/');
  const isFault = kind === 'server' ? serverErrors.has(code) : code !== Code.OK;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== '' && { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(epoch + span.begunAt),
    endTimeUnixNano: nanoseconds(epoch + span.endedAt),
    attributes: [
      text('rpc.system', 'grpc'),
      text('rpc.service', name.slice(0, slash)),
      text('rpc.method', name.slice(slash + 1)),
      { key: 'rpc.grpc.status_code', value: { intValue: String(code) } },
      text('criproxy.runtime', span.runtimes.join(',')),
      ...(userAgent === '' ? [] : [text('user_agent.original', userAgent)]),
    ],
    ...(isFault && { status: { code: STATUS_ERROR, message } }),
  };
}

function text(key: string, value: string) {
  return { key, value: { stringValue: value } };
}

/** A JavaScript number has too few digits for nanoseconds. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
