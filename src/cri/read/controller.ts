import type { PodFacts } from './pod-facts.ts';

/**
 * The controller of a pod, as `Deployment web`, by the labels that Kubernetes' controllers set on pods; null if they do not tell. CRI
 * does not carry owner references.
 */
export function controllerOf({ name, labels, annotations }: PodFacts): string | null {
  if ((annotations.get('kubernetes.io/config.source') ?? 'api') !== 'api') return 'static pod';
  const job = labels.get('batch.kubernetes.io/job-name') ?? labels.get('job-name');
  if (job !== undefined) return `Job ${job}`;
  if (labels.has('statefulset.kubernetes.io/pod-name')) return `StatefulSet ${name.replace(/-\d+$/, '')}`;
  const template = labels.get('pod-template-hash');
  const at = template === undefined ? -1 : name.lastIndexOf(`-${template}-`);
  if (at > 0) return `Deployment ${name.slice(0, at)}`;
  return labels.has('controller-revision-hash') ? `DaemonSet ${name.replace(/-[a-z0-9]+$/, '')}` : null;
}
