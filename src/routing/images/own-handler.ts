import { handlerOfPod } from '../../cri/read/pod-identity.ts';
import { rewriter } from '../../cri/translate/rewrite.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';
import type { KnownSandbox } from '../state/pod-owner.ts';

/**
 * A call for a pod with the handler of the pod's sandbox in place of a handler that belongs to another runtime by now: the pod stays
 * on its runtime even if names have changed their meaning since. The very same Buffer if the handler is right.
 */
export function withOwnHandler(
  plan: MethodPlan,
  { runtime, sandbox }: { readonly runtime: Runtime; readonly sandbox?: KnownSandbox },
  request: Buffer,
): Buffer {
  const { handlers } = plan.runtimes;
  const asked = plan.read('handler', request);
  const route = asked === '' ? undefined : handlers.route(asked);
  if (sandbox === undefined || route === undefined || route.runtime === runtime) return request;
  const own = handlerOfPod(sandbox.item);
  const name = own === '' ? '' : handlers.nameOf(runtime, own);
  const usable = name !== '' && (handlers.route(name)?.runtime ?? runtime) === runtime;
  return rewriter(plan.method.request, {
    handler: (_bytes, start, end, edit) => {
      if (usable) edit.replace(start, end, Buffer.from(name));
      else edit.drop();
    },
  })(request);
}
