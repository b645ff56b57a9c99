import type { StatusReport } from '../admin/api/status-report.ts';
import { defaultOfFlag } from '../config/daemon-flags.ts';
import { readConnectEntry, splitEntries } from '../config/flag-entries.ts';
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
  const flag = (name: string) => findFlag(args, name)?.value ?? defaultOfFlag(name);
  return {
    report,
    silence,
    kubelet,
    strange,
    version,
    adminSocket,
    listen: report?.daemon.listen ?? endpointPath(flag('listen')),
    stateDir: report === undefined ? flag('stateDir') : (report.daemon.stateDir ?? undefined),
    runtimes: report?.runtimes ?? readConnect(findFlag(args, 'connect')?.value ?? ''),
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
  return splitEntries(connect)
    .filter(entry => entry !== '')
    .map(readConnectEntry)
    .map(({ id = '', socket }) => ({ id, socket: endpointPath(socket) }));
}
