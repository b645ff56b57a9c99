import { readNode } from './api/node-object.ts';
import { type Containers, describeUncompared, findRestarted, listContainers } from './node/containers.ts';
import { askDoctor, lookAtNode, type NodeLook } from './node/look.ts';
import type { Ports } from './ports.ts';

/** The node before a change. */
export interface Before {
  readonly look: NodeLook;
  readonly containers: Containers;
  /** Failures that doctor found, where criproxy was in use already. */
  readonly failing: ReadonlyMap<string, string>;
  /** When the change began, in ms since 1970. */
  readonly begun: number;
}

/** Doctor's checks of the node itself, which is the same with criproxy and without: no reason to take criproxy back. */
const ofNodeItself: ReadonlySet<string> = new Set(['cgroup-driver']);

/** Tells of failures of the node itself. Rejects with an Error that has doctor's words. */
export async function tellOfNode({ node, tell }: Ports, program: string): Promise<void> {
  for (const [check, what] of await askDoctor(node, program))
    if (ofNodeItself.has(check)) tell('verify', `of the node itself, criproxy doctor finds: ${what}`);
}

/** Why the cluster does not have the node as ready; undefined if it has. `since`: as the kubelet has said since then, in ms. */
export async function findUnready({ ask, name }: Ports, since: number): Promise<string | undefined> {
  const ready = (await readNode(ask, name)).conditions.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True')
    return `the node is not Ready: ${ready?.message || ready?.reason || 'it has no such condition'}`;
  const said = Date.parse(ready.lastHeartbeatTime ?? '');
  // Times of the API have no fractions.
  if (said >= since - 1_000) return undefined;
  return 'the kubelet has been restarted, and has not said since that the node is Ready';
}

/** Reads what a change must leave as it is. */
export async function readBefore(ports: Ports, program: string, look: NodeLook): Promise<Before> {
  const { node, tell } = ports;
  const containers = await listContainers(node, look.sockets);
  for (const fault of describeUncompared(containers)) tell('look', `containers cannot be compared: ${fault}`);
  const failing = look.isOn ? await askDoctor(node, program) : new Map<string, string>();
  return { look, containers, failing, begun: Date.now() };
}

/** The first fault of the node after a change; undefined if all is well. `isOn`: whether the kubelet must use criproxy. */
async function findFault(ports: Ports, program: string, before: Before, isOn: boolean): Promise<string | undefined> {
  const { node } = ports;
  const look = await lookAtNode(node, program);
  const { running } = look.status;
  if (running === undefined) return 'no kubelet runs';
  if (look.isOn !== isOn) return `the kubelet ${isOn ? 'does not use' : 'still uses'} criproxy: ${running.does}`;
  if (isOn)
    for (const [check, what] of await askDoctor(node, program))
      if (!before.failing.has(check) && !ofNodeItself.has(check)) return `criproxy doctor: ${what}`;
  // A kubelet that starts tells the API server its status at once (pkg/kubelet/kubelet_node_status.go, tryUpdateNodeStatus: its
  // lastStatusReportTime is zero then).
  const unready = await findUnready(ports, look.kubelet === before.look.kubelet ? 0 : before.begun);
  if (unready !== undefined) return unready;
  const after = await listContainers(node, [...before.containers.keys()]);
  const restarted = findRestarted(before.containers, after, before.begun);
  return restarted.length === 0 ? undefined : `containers were restarted: ${restarted.join(', ')}`;
}

/** Waits until all is well, and stays so; resolves with what is not, when that takes too long. */
export async function verify(
  ports: Ports,
  program: string,
  before: Before,
  isOn: boolean,
): Promise<string | undefined> {
  const start = performance.now();
  let good: number | undefined;
  for (;;) {
    const fault = await findFault(ports, program, before, isOn).catch((error: Error) => error.message);
    const now = performance.now();
    good = fault === undefined ? (good ?? now) : undefined;
    if (good !== undefined && now - good >= ports.settle) return undefined;
    if (fault?.startsWith('containers were restarted') || (fault !== undefined && now - start > ports.patience))
      return fault;
    await ports.sleep(1_000);
  }
}
