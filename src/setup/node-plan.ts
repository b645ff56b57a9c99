import type { Edit } from './edit.ts';
import { SetupError } from './error.ts';
import type { Host } from './host.ts';
import { inspectKubelet, isUnfinished, KUBELET_UNIT, type Kubelet } from './kubelet.ts';
import { planKubelet } from './plan.ts';
import { type Choice, choosePrimary, type Primary } from './primary.ts';
import type { SetupRecord } from './record.ts';
import * as services from './services.ts';

/** What will be done to a node. */
export interface Plan {
  readonly kubelet: Kubelet | undefined;
  readonly primary: Primary;
  /** Files of the services that must change, with their new text. */
  readonly files: ReadonlyMap<string, string>;
  /** What tells the kubelet its endpoint. */
  readonly edits: readonly Edit[];
  /** Why the kubelet is left alone; undefined if it is not, or if there is none. */
  readonly left: SetupError | undefined;
}

export interface PlanOptions {
  readonly primary: Choice;
  /** The other runtimes, as in `-connect`; undefined for those that were chosen before. */
  readonly other: string | undefined;
  readonly listen: string;
}

function unfinished(kubelet: Kubelet, endpoint: string): SetupError {
  return new SetupError(
    'strange',
    kubelet.config ?? KUBELET_UNIT,
    'it is not there yet: this node’s kubelet has not been set up',
    `set the node up with kubeadm ... --cri-socket=${endpoint}, or set it up as usual and run: criproxy setup apply`,
  );
}

/** The services' own files that do not hold what they must. */
function listFiles(
  host: Host,
  primary: Primary,
  kubelet: Kubelet | undefined,
  other: string | undefined,
): Map<string, string> {
  const others = other ?? services.readOthers(host.files.read(services.RUNTIMES_FILE));
  const connect = services.formatConnect(primary, others);
  const files = new Map([[services.RUNTIMES_FILE, services.renderRuntimes(connect)]]);
  if (primary.unit !== undefined) files.set(services.SERVICE_DROP_IN, services.renderServiceDropIn(primary.unit));
  // Once the kubelet is on criproxy, its own arguments no longer say how it ran Docker.
  if (primary.needsDockershim && kubelet?.usesDocker)
    files.set(services.DOCKERSHIM_UNIT_FILE, services.renderDockershim(kubelet));
  for (const [path, text] of files) if (host.files.read(path) === text) files.delete(path);
  return files;
}

function planWith(host: Host, options: PlanOptions, record: SetupRecord): Omit<Plan, 'files'> {
  const endpoint = `unix://${options.listen}`;
  const choose = (kubelet: Kubelet | undefined) =>
    choosePrimary(host.files, kubelet, options.primary, options.listen, record.primary);
  const kubelet = inspectKubelet(host.files, host.askVersion);
  if (kubelet === undefined) return { kubelet, primary: choose(undefined), edits: [], left: undefined };
  if (isUnfinished(host.files, kubelet))
    return { kubelet: undefined, primary: choose(undefined), edits: [], left: unfinished(kubelet, endpoint) };
  const edits = planKubelet(host.files, kubelet, endpoint, host.askVersion);
  return { kubelet, primary: choose(kubelet), edits, left: undefined };
}

/**
 * Reads the node, and changes nothing. What is not understood about its kubelet does not keep the daemon from running: the
 * kubelet is then left alone.
 */
export function makePlan(host: Host, options: PlanOptions, record: SetupRecord): Plan {
  let plan: Omit<Plan, 'files'>;
  try {
    plan = planWith(host, options, record);
  } catch (fault) {
    if (!(fault instanceof SetupError) || fault.kind !== 'strange') throw fault;
    const choice = options.primary === 'dockershim' ? 'detect' : options.primary;
    const primary = choosePrimary(host.files, undefined, choice, options.listen, record.primary);
    plan = { kubelet: undefined, primary, edits: [], left: fault };
  }
  return { ...plan, files: listFiles(host, plan.primary, plan.kubelet, options.other) };
}
