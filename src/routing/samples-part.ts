import type { CallOptions, Reply } from '../base/call.ts';
import { ProxyError } from '../base/error.ts';
import { unavailable } from './availability.ts';
import { within } from './budget.ts';
import { endableCall } from './endable-call.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

/** What a runtime says within the time that a list has, or why it says nothing. */
export async function samplesPart(
  plan: Plan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
): Promise<Reply | ProxyError> {
  const call = endableCall(options);
  try {
    if (runtime.state.kind === 'down') return unavailable(runtime, runtime.state);
    return await within(plan.listTimeout(runtime), plan.call(runtime, request, call.options));
  } catch (fault) {
    return ProxyError.from(fault);
  } finally {
    call.end();
  }
}

/** Whether a part is one, and not why there is none. */
export function isReply(part: Reply | ProxyError): part is Reply {
  return !(part instanceof ProxyError);
}
