import type { StatusReport } from '../admin/api/status-report.ts';
import { type NodeCondition, readNode, setConditions, setLabels } from './api/node-object.ts';
import { INSTALLED, isMark, markOf, UP } from './node-marks.ts';
import type { Ports } from './ports.ts';

/** How the node is, for the cluster. `runtimes`: undefined where the daemon does not answer. */
export interface NodeReport {
  readonly installed: Pick<NodeCondition, 'status' | 'reason' | 'message'>;
  readonly runtimes: StatusReport['runtimes'] | undefined;
}

/** Whether a key can be a label's (meta/v1, label names): the id of a runtime may be anything. */
function isLabel(key: string): boolean {
  return /^[^/]+\/[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(key);
}

/** The labels and the conditions that a report comes to; times are left to who sends them. */
export function marksOf({ installed, runtimes = [] }: NodeReport): {
  labels: Readonly<Record<string, string>>;
  conditions: readonly NodeCondition[];
} {
  const isUp = ({ state, notAnsweringSince }: StatusReport['runtimes'][number]) =>
    state === 'up' && notAnsweringSince === null;
  const rows = runtimes.map(runtime => ({ key: markOf(runtime.id), runtime, up: isUp(runtime) }));
  const labels = rows.filter(({ key, up }) => up && isLabel(key)).map(({ key }) => [key, UP] as const);
  const conditions = rows.map(({ key, runtime, up }): NodeCondition => {
    const version = `${runtime.name ?? ''} ${runtime.version ?? ''}`.trim();
    const why =
      runtime.reason ?? (runtime.notAnsweringSince === null ? '' : `no answer since ${runtime.notAnsweringSince}`);
    return {
      type: key,
      status: up ? 'True' : 'False',
      reason: up ? 'RuntimeUp' : runtime.seen ? 'RuntimeDown' : 'RuntimeNotSeenYet',
      message: up ? version : why,
    };
  });
  return { labels: Object.fromEntries(labels), conditions: [{ type: INSTALLED, ...installed }, ...conditions] };
}

/** RFC 3339 without fractions, as the API has its times. */
const stamp = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

/**
 * Writes a report to the Node object, and takes away what it says no more; asks first, and writes only what is not there
 * already, with the time since when it is so. Rejects with an ApiError.
 */
export async function writeMarks({ ask, name }: Ports, report: NodeReport | undefined): Promise<void> {
  const { labels, conditions } = report === undefined ? { labels: {}, conditions: [] } : marksOf(report);
  const old = await readNode(ask, name);
  const wrong = Object.entries(labels).filter(([key, value]) => old.labels[key] !== value);
  const gone = Object.keys(old.labels).filter(key => isMark(key) && !(key in labels));
  if (wrong.length + gone.length > 0)
    await setLabels(ask, name, Object.fromEntries([...wrong, ...gone.map(key => [key, null] as const)]));
  const now = stamp();
  const before = new Map(old.conditions.map(condition => [condition.type, condition]));
  const isSame = (one: NodeCondition, other = before.get(one.type)) =>
    other !== undefined &&
    one.status === other.status &&
    (one.reason ?? '') === (other.reason ?? '') &&
    (one.message ?? '') === (other.message ?? '');
  const changed = conditions
    .filter(condition => !isSame(condition))
    .map(condition => {
      const last = before.get(condition.type);
      const since = last?.status === condition.status ? last.lastTransitionTime : undefined;
      return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
    });
  const left = old.conditions.map(({ type }) => type).filter(type => isMark(type));
  const surplus = left.filter(type => !conditions.some(condition => condition.type === type));
  if (changed.length + surplus.length > 0) await setConditions(ask, name, changed, surplus);
}
