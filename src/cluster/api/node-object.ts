import type { AskApi } from './in-cluster.ts';

/** A condition of a Node (core/v1 NodeCondition), as the cluster has it. */
export interface NodeCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly lastHeartbeatTime?: string;
  readonly lastTransitionTime?: string;
}

/** The part of a Node that this program reads. */
export interface NodeState {
  readonly labels: Readonly<Record<string, string>>;
  readonly conditions: readonly NodeCondition[];
}

const pathOf = (name: string) => `/api/v1/nodes/${encodeURIComponent(name)}`;

/** GET /api/v1/nodes/NAME. Rejects with an ApiError. */
export async function readNode(ask: AskApi, name: string): Promise<NodeState> {
  const node = (await ask('GET', pathOf(name))) as {
    metadata: { labels?: Record<string, string> };
    status?: { conditions?: NodeCondition[] };
  };
  return { labels: node.metadata.labels ?? {}, conditions: node.status?.conditions ?? [] };
}

/** Sets labels of a node, and removes those that are null: a JSON merge patch (RFC 7386). Rejects with an ApiError. */
export async function setLabels(
  ask: AskApi,
  name: string,
  labels: Readonly<Record<string, string | null>>,
): Promise<void> {
  await ask('PATCH', pathOf(name), { metadata: { labels } }, 'application/merge-patch+json');
}

/**
 * Sets conditions of a node, and removes those of `gone`, by their type. A strategic merge patch leaves the kubelet's and all
 * others as they are: conditions are merged by `type` (core/v1 NodeStatus, patchMergeKey). Rejects with an ApiError.
 */
export async function setConditions(
  ask: AskApi,
  name: string,
  conditions: readonly NodeCondition[],
  gone: readonly string[] = [],
): Promise<void> {
  const removed = gone.map(type => ({ $patch: 'delete', type }));
  const body = { status: { conditions: [...conditions, ...removed] } };
  await ask('PATCH', `${pathOf(name)}/status`, body, 'application/strategic-merge-patch+json');
}
