import { runtimeLabel } from '../../base/runtime-name.ts';
import { factsOfSandbox } from '../../cri/read/pod-facts.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import type { NodeState } from '../../routing/state/node-state.ts';
import type { Metric } from '../../watch/counters.ts';

/** Starts of pods, and the pods that there are, by runtime and by the reason of their placement. */
export function placementMetrics(runtimes: () => readonly Runtime[], node: NodeState): readonly Metric[] {
  return [
    {
      name: 'criproxy_pod_starts_total',
      help: 'RunPodSandbox and RestorePod calls by runtime, reason of its choice (sandbox, uid, handler, annotation, rule, share, default), number of the rule, and result (ok, failed).',
      type: 'counter',
      labels: ['runtime', 'by', 'rule', 'result'],
      *read() {
        for (const { start, count } of node.starts) yield [[start.runtime, start.by, start.rule, start.result], count];
      },
    },
    {
      name: 'criproxy_placed_pods',
      help: 'Pods with a sandbox by runtime and reason of its choice at their start, as in criproxy_pod_starts_total, followed by the number of the rule; unknown for older pods.',
      type: 'gauge',
      labels: ['runtime', 'by'],
      *read() {
        for (const runtime of runtimes()) {
          for (const [by, uids] of podsByReason(runtime, node)) yield [[runtimeLabel(runtime.id), by], uids.size];
        }
      },
    },
  ];
}

function podsByReason(runtime: Runtime, node: NodeState): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const { pods, placements } = node.of(runtime);
  for (const sandbox of pods.index().values()) {
    const { uid } = factsOfSandbox(sandbox);
    const by = placements.reasonOf(uid) ?? 'unknown';
    found.set(by, (found.get(by) ?? new Set()).add(uid));
  }
  return found;
}
