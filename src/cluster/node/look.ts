import type { SetupError } from '../../setup/setup-error.ts';
import type { Status } from '../../setup/setup-status.ts';
import type { NodeAccess } from './access.ts';

/** The node by `setup status`. */
export interface NodeLook {
  readonly status: Omit<Status, 'strange'> & { readonly strange?: Pick<SetupError, 'where' | 'saw' | 'remedy'> };
  /** Whether the kubelet that runs uses criproxy. */
  readonly isOn: boolean;
  /** The kubelet's process; 0 where none is seen. */
  readonly kubelet: number;
  /** The sockets of the runtimes that the kubelet has, as far as its endpoint and criproxy's runtimes tell. */
  readonly sockets: readonly string[];
}

/** Where a kubelet without an endpoint has its runtime. */
const DEFAULTS = ['/run/containerd/containerd.sock', '/run/dockershim.sock'];

function socketsOf({ kubelet, connect }: NodeLook['status'], isOn: boolean): string[] {
  const found = isOn ? (connect ?? '').split(',') : kubelet?.endpoint ? [kubelet.endpoint] : DEFAULTS;
  return found.map(one => one.slice(Math.max(one.search(/(unix:)?\//), 0)).trim()).filter(one => one !== '');
}

/** Asks `program` on the node how its kubelet is set up. Rejects with an Error that has its words. */
export async function lookAtNode(node: NodeAccess, program: string): Promise<NodeLook> {
  const { status, stdout, said } = await node.look(program, 'setup', 'status', '--json');
  if (!stdout.startsWith('{')) throw new Error(`criproxy setup status: ${said.trim() || `exit status ${status}`}`);
  const found = JSON.parse(stdout) as NodeLook['status'];
  const isOn = found.running?.usesCriproxy === 'yes';
  return { status: found, isOn, kubelet: found.running?.pid ?? 0, sockets: socketsOf(found, isOn) };
}

/** The failures that `criproxy doctor` finds, by the check's name. Rejects with an Error that has its words. */
export async function askDoctor(node: NodeAccess, program: string): Promise<ReadonlyMap<string, string>> {
  const { status, stdout, said } = await node.look(program, 'doctor', '-o', 'json');
  if (!stdout.startsWith('{')) throw new Error(`criproxy doctor: ${said.trim() || `exit status ${status}`}`);
  const { findings } = JSON.parse(stdout) as { findings: { check: string; severity: string; what: string }[] };
  return new Map(findings.filter(({ severity }) => severity === 'fail').map(({ check, what }) => [check, what]));
}
