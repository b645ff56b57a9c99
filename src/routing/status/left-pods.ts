import type { LeftPod } from '../../admin/api/placement-answer.ts';
import { controllerOf } from '../../cri/read/controller.ts';
import { factsOfSandbox } from '../../cri/read/pod-facts.ts';
import { podCreatedAt } from '../../cri/read/state-records.ts';
import type { Snapshot } from '../state/snapshot.ts';

/** The pods of a runtime, the oldest first. A pod is left as long as the runtime lists one of its sandboxes, ready or not. */
export function leftPods({ pods }: Snapshot): LeftPod[] {
  const found = new Map<string, { pod: LeftPod; createdAt: number }>();
  for (const sandbox of pods.index().values()) {
    const facts = factsOfSandbox(sandbox);
    const createdAt = podCreatedAt(sandbox) ?? 0;
    const key = facts.uid || `${facts.namespace}/${facts.name}`;
    const older = found.get(key);
    if (older !== undefined && older.createdAt <= createdAt) continue;
    const since = createdAt === 0 ? null : new Date(createdAt).toISOString();
    const { namespace, name } = facts;
    found.set(key, { pod: { namespace, name, since, owner: controllerOf(facts) }, createdAt });
  }
  return [...found.values()].sort((a, b) => a.createdAt - b.createdAt).map(({ pod }) => pod);
}
