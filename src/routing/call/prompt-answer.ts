import type { CallOptions, Reply } from '../../base/call.ts';
import { ProxyError } from '../../base/error.ts';
import { unavailable } from '../asking/availability.ts';
import { clientPatience, within } from '../asking/budget.ts';
import { endableCall } from '../asking/endable-call.ts';
import type { Runtime } from '../port/runtime.ts';
import type { MethodPlan } from './method-plan.ts';

/**
 * The runtime's answer to this client within the list timeout, or the reason why there is none. `send` makes the call, if it is not
 * the plan's own.
 */
export async function promptAnswer(
  plan: MethodPlan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
  send: (options: CallOptions) => Promise<Reply> = own => plan.call(runtime, request, own),
): Promise<Reply | ProxyError> {
  const call = endableCall(options);
  try {
    if (runtime.state.kind === 'down') return unavailable(runtime, runtime.state);
    return await within(clientPatience(options, plan.listTimeout(runtime)), send(call.options));
  } catch (fault) {
    return ProxyError.from(fault);
  } finally {
    call.end();
  }
}

/** Whether a part is an answer rather than a reason. */
export function isReply(part: Reply | ProxyError): part is Reply {
  return !(part instanceof ProxyError);
}
