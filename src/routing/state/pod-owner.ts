import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { isReady, isSandboxOf, type PodIdentity } from '../../cri/read/pod-identity.ts';
import type { Runtime } from '../port/runtime.ts';
import { type Runtimes, TARGET_RUNTIME } from '../port/runtimes.ts';
import type { NodeState } from './node-state.ts';

/**
 * The runtime that a pod's handler or its annotation names; undefined if neither names one, as a handler outside the table. Throws
 * InvalidArgument for an unknown runtime in the annotation, and when the two name different runtimes.
 */
export function namedRuntime(runtimes: Runtimes, handler: string, annotation: string | undefined): Runtime | undefined {
  const byHandler = handler === '' ? undefined : runtimes.handlers.route(handler)?.runtime;
  const byAnnotation = runtimes.ownerByAnnotation(annotation);
  if (byHandler === undefined || byAnnotation === undefined || byHandler === byAnnotation) {
    return byHandler ?? byAnnotation;
  }
  throw new ProxyError(
    Code.InvalidArgument,
    `criproxy: the runtime handler "${handler}" belongs to ${runtimeName(byHandler.id)}, but the pod annotation ` +
      `${TARGET_RUNTIME} names ${runtimeName(byAnnotation.id)}: leave one of the two out`,
  );
}

/** A sandbox of a pod, as the bytes of a PodSandbox in its runtime's names. */
export interface KnownSandbox {
  readonly runtime: Runtime;
  readonly item: Buffer;
}

/** A sandbox of this pod that a snapshot has, a ready one if there are several; undefined if none is known. */
export function sandboxOfPod(node: NodeState, runtimes: Runtimes, pod: PodIdentity): KnownSandbox | undefined {
  const identity = { uid: pod.uid || (node.seenPods.uidOf(pod.firstSeen) ?? ''), firstSeen: pod.firstSeen };
  if (identity.uid === '' && identity.firstSeen === '') return undefined;
  let found: KnownSandbox | undefined;
  for (const runtime of runtimes.all) {
    for (const item of node.of(runtime).pods.index().values()) {
      if (!isSandboxOf(item, identity)) continue;
      if (isReady(item)) return { runtime, item };
      found ??= { runtime, item };
    }
  }
  return found;
}
