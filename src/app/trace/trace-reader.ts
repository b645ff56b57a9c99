import { setImmediate } from 'node:timers/promises';
import type { TracedCall, TraceLine } from '../../admin/api/trace-line.ts';
import { Code } from '../../base/codes.ts';
import { itemId } from '../../cri/read/listing.ts';
import { redact } from '../../cri/show/redact.ts';
import { type Endpoint, endpoints } from '../../cri/translate/method-spec.ts';
import type { NamedSubject } from '../../routing/state/known-names.ts';
import type { CallRecord } from '../../watch/call-record.ts';
import type { CallObserver } from '../../watch/call-watch.ts';
import type { Counter } from '../../watch/counters.ts';
import { LineRing } from './line-ring.ts';
import { type Body, cutBody, showBody } from './trace-body.ts';
import type { TraceFilter } from './trace-filter.ts';
import { runtimesOf, tracedCall } from './traced-call.ts';

/** How many lines wait for a reader at most, and how many bytes of messages with them. */
export const WAITING_LINES = 1_000;
const WAITING_BYTES = 16 * 1024 * 1024;

/** The most lines, and bytes of messages, that are made into text at once: calls wait meanwhile. */
const BATCH_LINES = 50;
const BATCH_BYTES = 128 * 1024;

/** Finds the subject of a request; `request` is its message's name. */
export type NameSubject = (request: string, bytes: Buffer) => NamedSubject;

/** A call that waits to be told: its cut messages are made into text then. */
interface Told {
  readonly line: TracedCall;
  readonly endpoint: Endpoint | undefined;
  readonly request: Body | undefined;
  readonly response: Body | undefined;
  readonly raw: Buffer | undefined;
}

const noSubject: NamedSubject = { namespace: '', pod: '', container: '', image: '', runtime: undefined };
/** Of a call that was lost before it was served: looking for names takes longer than all the rest. */
const unnamed: NamedSubject = { ...noSubject };

const known = endpoints();

/** A reader of the trace: an observer of calls for as long as it reads. */
export class TraceReader implements CallObserver {
  readonly wantsBodies: boolean;
  private readonly filter: TraceFilter;
  private readonly needsNames: boolean;
  private readonly nameSubject: NameSubject;
  private readonly lost: Counter | undefined;
  private readonly ring = new LineRing<Told>(WAITING_LINES, WAITING_BYTES);
  private readonly subjects = new WeakMap<CallRecord, NamedSubject>();

  constructor(filter: TraceFilter, nameSubject: NameSubject, lost?: Counter) {
    this.filter = filter;
    this.lost = lost;
    this.nameSubject = nameSubject;
    this.wantsBodies = filter.body || filter.record;
    this.needsNames = filter.pod !== undefined || filter.runtime !== undefined;
  }

  /** The names of a pod are looked up now: the call may be its end. */
  requested(call: CallRecord, request: Buffer): void {
    const method = known.get(call.path)?.method;
    if (method === undefined || this.subjects.has(call) || !this.wantsMethod(call)) return;
    const isLost = this.ring.isFull && !this.needsNames && !call.streams;
    this.subjects.set(call, isLost ? unnamed : this.subjectOf(method.request, request));
    if (call.streams) this.tell(call, false);
  }

  private subjectOf(request: string, bytes: Buffer): NamedSubject {
    try {
      return this.nameSubject(request, bytes);
    } catch {
      // An observer must not make the call fail.
      return noSubject;
    }
  }

  ended(call: CallRecord): void {
    this.tell(call, true);
  }

  /** Lines of JSON, several in one text where they have come together. Ends when the signal is aborted. */
  async *lines(signal: AbortSignal): AsyncGenerator<string> {
    const { ring } = this;
    const close = () => ring.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      yield lineText({ kind: 'start', time: new Date().toISOString() });
      while (!signal.aborted) {
        await ring.filled();
        // Calls go first, and lines that come together go together.
        await setImmediate();
        const batch = this.takeBatch();
        if (batch.length > 0) yield batch.join('\n');
      }
    } finally {
      signal.removeEventListener('abort', close);
    }
  }

  private takeBatch(): string[] {
    const lines: string[] = [];
    for (let bytes = 0; lines.length < BATCH_LINES && bytes < BATCH_BYTES; ) {
      const taken = this.ring.take();
      if (taken === undefined) break;
      if ('lost' in taken) {
        lines.push(lineText({ kind: 'lost', lines: taken.lost }));
      } else {
        bytes += taken.weight;
        lines.push(lineText(withMessages(taken.item)));
      }
    }
    return lines;
  }

  private wantsMethod(call: CallRecord): boolean {
    const { method, socket } = this.filter;
    if (socket !== undefined && !socket(call.socket)) return false;
    return method === undefined || method(known.get(call.path)?.method.name ?? call.path);
  }

  private wants(call: CallRecord, subject: NamedSubject, isEnd: boolean): boolean {
    const { pod, runtime, errors, slow } = this.filter;
    if (!this.wantsMethod(call)) return false;
    if (errors && (!isEnd || call.code === Code.OK)) return false;
    if (slow > 0 && (!isEnd || call.endedAt! - call.begunAt < slow)) return false;
    if (pod !== undefined && (subject.pod === '' || !pod(subject.namespace, subject.pod))) return false;
    return runtime === undefined || runtimesOf(call, subject).includes(runtime);
  }

  private tell(call: CallRecord, isEnd: boolean): void {
    const subject = this.subjects.get(call) ?? noSubject;
    if (!this.wants(call, subject, isEnd)) return;
    if (this.ring.isFull || subject === unnamed) {
      this.ring.lose();
      this.lost?.add(1);
      return;
    }
    const endpoint = known.get(call.path);
    const { body, record } = this.filter;
    const request = body ? cutBody(call.request) : undefined;
    const response = body ? cutBody(call.response) : undefined;
    // A message that is not CRI's own cannot be redacted.
    const raw = record && isEnd && endpoint !== undefined ? call.request : undefined;
    const line = tracedCall(call, endpoint, subject, isEnd);
    const made = raw === undefined ? '' : madeBy(endpoint!, call);
    const told = { line: made === '' ? line : { ...line, made }, endpoint, request, response, raw };
    this.ring.add(told, sizeOf(request) + sizeOf(response) + (raw?.length ?? 0));
  }
}

function sizeOf(body: Body | undefined): number {
  return body?.bytes.length ?? 0;
}

function lineText(line: TraceLine): string {
  return JSON.stringify(line);
}

/** The id of the pod or container that a call has made. */
function madeBy({ method }: Endpoint, { code, response }: CallRecord): string {
  const makes = method.effect === 'addPod' || method.effect === 'addContainer';
  if (!makes || code !== Code.OK || response === undefined) return '';
  try {
    return itemId(response);
  } catch {
    return '';
  }
}

function withMessages({ line, endpoint, request, response, raw }: Told): TracedCall {
  if (endpoint === undefined) return line;
  const { method, client } = endpoint;
  const redacted = raw === undefined ? undefined : redact(method.request, client, raw);
  return {
    ...line,
    ...(request !== undefined && { request: showBody(method.request, client, request) }),
    ...(response !== undefined && { response: showBody(method.response, client, response) }),
    ...(redacted !== undefined && {
      path: `/${client}.${method.service}/${method.name}`,
      raw: redacted.toString('base64'),
    }),
  };
}
