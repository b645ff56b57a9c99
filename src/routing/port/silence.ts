import type { CallOptions, Calls, Reply } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { withMessages } from '../../base/reply-stream.ts';
import { steadyNow } from '../../base/steady-clock.ts';

/**
 * Whether a runtime that is up answers. A runtime is silent if a whole question has waited for longer than the runtime's own limit and
 * no call has been answered since then. The wait of a client proves nothing: some calls take minutes.
 */
export class Silence {
  /** The start of the silence, in ms since the epoch; undefined while the runtime answers. */
  since: number | undefined;
  /** Called when a runtime falls silent, and with undefined when it answers again. */
  onChange: (since: number | undefined) => void = () => {};
  private heardAt = performance.now();

  /** A call was answered. */
  hear(): void {
    this.heardAt = performance.now();
    if (this.since === undefined) return;
    this.since = undefined;
    this.onChange(undefined);
  }

  /** A whole question has waited for the runtime's limit. `askedAt`: the time of the question, as performance.now(). */
  overdue(askedAt: number): void {
    if (this.since !== undefined || this.heardAt > askedAt) return;
    this.since = steadyNow() - (performance.now() - askedAt);
    this.onChange(this.since);
  }

  /** The runtime has a new connection. */
  reset(): void {
    this.heardAt = performance.now();
    this.since = undefined;
  }
}

/** Whether a call has failed because the runtime is down or hangs. */
export function isSilence({ code }: ProxyError): boolean {
  return code === Code.Unavailable || code === Code.DeadlineExceeded;
}

/** Whether the runtime may not have answered: its silence, or the client, has ended the call. */
export function isUnanswered(fault: ProxyError): boolean {
  return isSilence(fault) || fault.code === Code.Cancelled;
}

/** The same calls, with each answer noted as a sign of life. */
export function heardCalls(calls: Calls, silence: Silence): Calls {
  const fail = (fault: unknown): never => {
    if (!isUnanswered(ProxyError.from(fault))) silence.hear();
    throw fault;
  };
  const hear = (reply: Reply): Reply => {
    silence.hear();
    return reply;
  };
  return {
    call: (path: string, request: Buffer, options: CallOptions) => calls.call(path, request, options).then(hear, fail),
    stream(path, requests, options) {
      const reply = calls.stream(path, requests, options);
      return withMessages(reply, async function* () {
        try {
          yield* reply;
          silence.hear();
        } catch (fault) {
          fail(fault);
        }
      });
    },
  };
}
