import { SetupError } from './error.ts';
import type { Host } from './host.ts';
import { inspectKubelet, isUnfinished, KUBELET_UNIT, type Kubelet } from './kubelet.ts';
import { planKubelet } from './plan.ts';
import { type Choice, choosePrimary, type Primary } from './primary.ts';
import { type FileChanges, foldEdits, type MadeEdit, type SetupRecord, undoAll } from './record.ts';
import { findServiceNeeds } from './service-needs.ts';
import * as services from './services.ts';
import { overlayTree } from './tree.ts';

/** What will be done to a node. */
export interface Plan {
  readonly kubelet: Kubelet | undefined;
  readonly primary: Primary;
  /** Files of the services that must change, with their new text. */
  readonly files: ReadonlyMap<string, string>;
  /** What tells the kubelet its endpoint, all of it: also what was edited before and is as it must be. */
  readonly edits: readonly MadeEdit[];
  /** Files that must change for `edits` to be in force, and no others. */
  readonly changes: FileChanges;
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
  const dropIn = services.renderServiceDropIn(findServiceNeeds(host, connect, primary.unit));
  if (dropIn !== undefined || host.files.exists(services.SERVICE_DROP_IN))
    files.set(services.SERVICE_DROP_IN, dropIn ?? services.EMPTY_DROP_IN);
  // Once the kubelet is on criproxy, its own arguments no longer say how it ran Docker.
  if (primary.needsDockershim && kubelet?.usesDocker)
    files.set(services.DOCKERSHIM_UNIT_FILE, services.renderDockershim(kubelet));
  for (const [path, text] of files) if (host.files.read(path) === text) files.delete(path);
  return files;
}

/**
 * The edits are planned on the node as it would be without those that were made before: what a kubelet of an earlier version
 * needed, and one of this version refuses, is not made again.
 */
function planEdits(host: Host, record: SetupRecord, endpoint: string): Pick<Plan, 'kubelet' | 'edits' | 'changes'> {
  const undone = undoAll(host.files, record);
  const bare = overlayTree(host.files, undone);
  const kubelet = inspectKubelet(bare, host);
  if (kubelet === undefined) return { kubelet, edits: [], changes: new Map() };
  const { texts, made } = foldEdits(bare, planKubelet(bare, kubelet, endpoint, host));
  const wanted = new Map([...undone, ...texts]);
  const changes = new Map([...wanted].filter(([path, text]) => host.files.read(path) !== text));
  return { kubelet, edits: made, changes };
}

const nothing = { edits: [], changes: new Map(), left: undefined } as const;

function planWith(host: Host, options: PlanOptions, record: SetupRecord): Omit<Plan, 'files'> {
  const endpoint = `unix://${options.listen}`;
  const choose = (kubelet: Kubelet | undefined) =>
    choosePrimary(host.files, kubelet, options.primary, options.listen, record.primary);
  const current = inspectKubelet(host.files, host);
  if (current === undefined) return { ...nothing, kubelet: undefined, primary: choose(undefined) };
  if (isUnfinished(host.files, current))
    return { ...nothing, kubelet: undefined, primary: choose(undefined), left: unfinished(current, endpoint) };
  return { ...planEdits(host, record, endpoint), primary: choose(current), left: undefined };
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
    plan = { ...nothing, kubelet: undefined, primary, left: fault };
  }
  return { ...plan, files: listFiles(host, plan.primary, plan.kubelet, options.other) };
}
