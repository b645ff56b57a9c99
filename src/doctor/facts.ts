import type { StatusReport } from '../admin/api/status-report.ts';
import { type Argument, expandCommand, findFlag } from '../setup/command.ts';
import { SERVICE } from '../setup/daemon.ts';
import { endpointPath } from '../setup/endpoint.ts';
import { inspectKubelet, type Kubelet } from '../setup/kubelet.ts';
import { SetupError } from '../setup/setup-error.ts';
import { loadUnit } from '../setup/unit.ts';
import type { ExaminedNode } from './node.ts';

/** The facts that the checks use, each found once. */
export interface Facts {
  /** The daemon's own report; undefined if it does not answer, and why. */
  readonly report: StatusReport | undefined;
  readonly silence: Error | undefined;
  /** Undefined if the node has none, or one with an unknown layout, and why. */
  readonly kubelet: Kubelet | undefined;
  readonly strange: SetupError | undefined;
  /** From the running daemon; from its unit if it does not answer. */
  readonly listen: string;
  readonly adminSocket: string;
  /** Undefined without one. */
  readonly stateDir: string | undefined;
  /** With the empty id of the primary. */
  readonly runtimes: readonly { readonly id: string; readonly socket: string }[];
  /** The version of the installed program. */
  readonly version: string;
}

const STATE_DIR = '/var/lib/criproxy';
const LISTEN = '/run/criproxy.sock';

export async function gatherFacts(node: ExaminedNode, adminSocket: string, version: string): Promise<Facts> {
  let report: StatusReport | undefined;
  let silence: Error | undefined;
  try {
    report = await node.status();
  } catch (fault) {
    silence = fault as Error;
  }
  let kubelet: Kubelet | undefined;
  let strange: SetupError | undefined;
  try {
    kubelet = inspectKubelet(node.files, node);
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    strange = fault;
  }
  const args = report === undefined ? readDaemonArguments(node) : [];
  const flag = (name: string, standard: string) => findFlag(args, name)?.value ?? standard;
  return {
    report,
    silence,
    kubelet,
    strange,
    version,
    adminSocket,
    listen: report?.daemon.listen ?? endpointPath(flag('listen', LISTEN)),
    stateDir: report === undefined ? flag('stateDir', STATE_DIR) : (report.daemon.stateDir ?? undefined),
    runtimes: report?.runtimes ?? readConnect(flag('connect', '')),
  };
}

/** The flags in the daemon's unit, with the values of its environment files; none without a unit that can be read. */
function readDaemonArguments(node: ExaminedNode): readonly Argument[] {
  try {
    const unit = loadUnit(node.files, SERVICE);
    return unit === undefined ? [] : expandCommand(unit);
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    return [];
  }
}

function readConnect(connect: string): { id: string; socket: string }[] {
  const entries = connect.split(',').filter(entry => entry !== '');
  return entries.map((entry, index) => {
    const id = index === 0 ? '' : entry.slice(0, entry.indexOf(':'));
    return { id, socket: endpointPath(index === 0 ? entry : entry.slice(id.length + 1)) };
  });
}
