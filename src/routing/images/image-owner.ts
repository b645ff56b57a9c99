import { FIRST_SEEN } from '../../cri/read/pod-identity.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { placedRuntime } from '../placement/place-pod.ts';
import type { Runtime } from '../port/runtime.ts';
import { TARGET_RUNTIME } from '../port/runtimes.ts';
import { type KnownSandbox, namedRuntime, sandboxOfPod } from '../state/pod-owner.ts';

/** The runtime that an image call is for, and the proof. */
export interface ImageOwner {
  readonly runtime: Runtime;
  /** The sandbox of the image's pod, if it is the proof. */
  readonly sandbox?: KnownSandbox;
}

/**
 * The runtime that an image call is for; undefined if the call does not tell. The pod's sandbox counts first, if one is known, then the
 * runtime that the pod was placed on: a pod stays on its runtime even if a change of the configuration gave its names another meaning. Then come the pod's handler and
 * annotation, then the prefix of the image's name. A handler without a row and without an annotation belongs to the primary, where
 * RunPodSandbox goes with it too.
 *
 * The kubelet sends the pod's annotations with ImageStatus and PullImage since 1.19, its handler behind a feature gate that is off
 * (RuntimeClassInImageCriAPI), its uid with PullImage alone. Throws InvalidArgument as namedRuntime does; with `unknownNames` 'ignored'
 * an annotation that names no runtime is ignored.
 */
export function imageOwner(
  plan: MethodPlan,
  request: Buffer,
  unknownNames: 'refused' | 'ignored' = 'refused',
): ImageOwner | undefined {
  const { runtimes, node } = plan;
  const firstSeen = plan.readAnnotation(FIRST_SEEN, request) ?? '';
  const uid = plan.read('podUid', request) || (node.seenPods.uidOf(firstSeen) ?? '');
  const sandbox = sandboxOfPod(node, runtimes, { uid, firstSeen });
  if (sandbox !== undefined) return { runtime: sandbox.runtime, sandbox };
  const placed = placedRuntime(plan, uid);
  if (placed !== undefined) return { runtime: placed };
  const handler = plan.read('handler', request);
  const target = plan.readAnnotation(TARGET_RUNTIME, request);
  const known = unknownNames === 'refused' || runtimes.isTarget(target);
  const named = namedRuntime(runtimes, handler, known ? target : undefined);
  const runtime = named ?? runtimes.ownerOfImage(plan.read('image', request));
  if (runtime !== undefined) return { runtime };
  return handler === '' || (target ?? '') !== '' ? undefined : { runtime: runtimes.primary };
}
