import type { CallOptions, Reply } from '../../base/call.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeLabel } from '../../base/runtime-name.ts';
import { factsOfRequest, type PodFacts } from '../../cri/read/pod-facts.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { withOwnHandler } from '../images/own-handler.ts';
import { type Placement, placePod } from '../placement/place-pod.ts';
import { isUnanswered } from '../port/silence.ts';

/** The runtime of the pod in a RunPodSandbox or RestorePod. Throws as placePod, and InvalidArgument for a malformed request. */
export function choosePlace(plan: MethodPlan, request: Buffer): Placement & { readonly pod: PodFacts } {
  const handler = plan.readOwn('handler', request);
  const pod = plan.readRequest(() => factsOfRequest(plan.method.request, request, handler));
  return { ...placePod(plan, pod), pod };
}

/** Starts the pod on its runtime, which is remembered before the call: a second try goes there too, unless the first has failed. */
export async function startPod(
  plan: MethodPlan,
  placement: Placement & { readonly pod: PodFacts },
  request: Buffer,
  options: CallOptions,
): Promise<Reply> {
  const { runtime, by, rule, pod } = placement;
  const { starts } = plan.node;
  const { placements, pods } = plan.node.of(runtime);
  const isNew = !placements.has(pod.uid);
  const labels = { runtime: runtimeLabel(runtime.id), by, rule: rule === undefined ? '' : `${rule}` };
  if (isNew) placements.note(pod.uid, rule === undefined ? by : `${by} ${rule}`, pods);
  try {
    const reply = await plan.call(runtime, withOwnHandler(plan, placement, request), options);
    starts.count({ ...labels, result: 'ok' });
    return reply;
  } catch (error) {
    const fault = ProxyError.from(error);
    starts.count({ ...labels, result: 'failed' });
    // Without an answer the runtime may have the pod.
    if (isNew && isUnanswered(fault)) plan.node.onToWrite();
    else if (isNew) placements.delete(pod.uid);
    throw fault;
  }
}
