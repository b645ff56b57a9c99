import type { TracedCall, TracePart } from '../../admin/api/trace-line.ts';
import { codeName } from '../../base/codes.ts';
import { runtimeLabel } from '../../base/runtime-name.ts';
import type { Endpoint } from '../../cri/translate/method-spec.ts';
import type { NamedSubject } from '../../routing/state/known-names.ts';
import type { CallRecord, Part } from '../../watch/call-record.ts';

/** A call as it is at its end, or at the begin of a stream, without its messages. */
export function tracedCall(
  call: CallRecord,
  endpoint: Endpoint | undefined,
  subject: NamedSubject,
  isEnd: boolean,
): TracedCall {
  const passed = (isEnd ? call.endedAt! : performance.now()) - call.begunAt;
  const { namespace, pod, container, image } = subject;
  return {
    kind: isEnd ? 'end' : 'begin',
    id: call.id,
    time: new Date(Date.now() - passed).toISOString(),
    client: call.userAgent,
    socket: call.socket,
    method: endpoint?.method.name ?? call.path,
    package: endpoint?.client ?? '',
    namespace,
    pod,
    container,
    image,
    runtimes: runtimesOf(call, subject).map(runtimeLabel),
    ms: rounded(passed),
    code: isEnd ? codeName(call.code) : '',
    message: call.message,
    parts: call.parts.map(tracedPart),
    requestBytes: call.requestBytes,
    responseBytes: call.responseBytes,
  };
}

/** A call that still runs has no code. */
function tracedPart({ runtime, path, begunAt, endedAt, code }: Part): TracePart {
  const ms = rounded((endedAt ?? performance.now()) - begunAt);
  return {
    runtime: runtimeLabel(runtime),
    method: path.slice(path.lastIndexOf('/') + 1),
    ms,
    code: endedAt === undefined ? '' : codeName(code),
  };
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** The ids of the runtimes that were asked; if none was asked, the id of the runtime that the call is for, if known. */
export function runtimesOf({ parts }: CallRecord, { runtime }: NamedSubject): readonly string[] {
  if (parts.length > 0) return [...new Set(parts.map(part => part.runtime))];
  return runtime === undefined ? [] : [runtime.id];
}
