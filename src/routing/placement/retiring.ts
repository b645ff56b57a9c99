import type { PodFacts } from '../../cri/read/pod-facts.ts';
import type { RetiringException } from '../port/placement-rule.ts';

/** The kubelet's source of a pod: `file` and `http` are static pods (pkg/kubelet/types, ConfigSourceAnnotationKey). */
const SOURCE = 'kubernetes.io/config.source';

/** The mark of a critical pod up to Kubernetes 1.16 (pkg/kubelet/types, CriticalPodAnnotationKey). */
const CRITICAL = 'scheduler.alpha.kubernetes.io/critical-pod';

/**
 * Whether a retiring runtime still takes the pod. CRI does not carry a pod's priority: `critical` is a static pod, a pod of the
 * namespace kube-system, and a pod with the annotation of old releases.
 */
export function isExcepted(exceptions: readonly RetiringException[], { namespace, annotations }: PodFacts): boolean {
  const source = annotations.get(SOURCE) ?? 'api';
  const isStatic = source !== 'api';
  if (exceptions.includes('static') && isStatic) return true;
  return exceptions.includes('critical') && (isStatic || namespace === 'kube-system' || annotations.has(CRITICAL));
}
