import { isOfOldRelease } from './adopt.ts';
import { type Chosen, readChosen, readConfigRuntimes, weighAnswers } from './choice.ts';
import { findFlag } from './command.ts';
import { sameEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { inspectKubelet, isUnfinished, KUBELET_UNIT, type Kubelet } from './kubelet.ts';
import { findProgram } from './places.ts';
import { FIRST_WITHOUT_RUNTIME_FLAG, planKubelet } from './plan.ts';
import { type Choice, choosePrimary, type Primary } from './primary.ts';
import { type FileChanges, foldEdits, type MadeEdit, type SetupRecord, undoAll } from './record.ts';
import { findServiceNeeds } from './service-needs.ts';
import * as services from './services.ts';
import { failed, SetupError } from './setup-error.ts';
import { overlayTree } from './tree.ts';

/** The plan for a node. */
export interface SetupPlan {
  readonly kubelet: Kubelet | undefined;
  readonly primary: Primary;
  /** Files of the services that must change, with their new text. */
  readonly files: ReadonlyMap<string, string>;
  /** All settings that give the kubelet its endpoint, edits of before that are still right included. */
  readonly edits: readonly MadeEdit[];
  /** Files that must change for `edits` to be in force, and no others. */
  readonly changes: FileChanges;
  /** Why the kubelet is left alone; undefined if it is not, or if there is none. */
  readonly left: SetupError | undefined;
}

export interface PlanOptions {
  readonly primary: Choice;
  /** The other runtimes, as in `-connect`; undefined for the runtimes that were chosen before. */
  readonly other: string | undefined;
  /** `primary` and `other` are answers to the package's questions: a choice only where the node has none, or when they change. */
  readonly areAnswers?: boolean;
  readonly listen: string;
  /** The text of a configuration file that the daemon is to run with, its runtimes too; undefined: it stays as it is. */
  readonly config?: string | undefined;
}

function unfinished(kubelet: Kubelet, endpoint: string): SetupError {
  return new SetupError(
    'strange',
    kubelet.config ?? KUBELET_UNIT,
    'it is not there yet: this node’s kubelet has not been set up',
    `set the node up with kubeadm ... --cri-socket=${endpoint}, or set it up as usual and run: criproxy setup apply`,
  );
}

/** The runtimes of a configuration file, whose primary must be the node's: another one would not know the pods that run. */
function assertSamePrimary(config: string, { socket }: Primary): Chosen | undefined {
  const chosen = readConfigRuntimes(config);
  if (chosen === undefined || sameEndpoint(chosen.primary, socket)) return chosen;
  throw failed(
    services.CONFIG_FILE,
    `its first runtime is ${chosen.primary}, and the primary runtime of this node is ${socket}`,
    `make ${socket} the first runtime of the file`,
  );
}

/** The services' own files that need other contents. */
function listFiles(
  host: Host,
  { primary, kubelet }: Pick<SetupPlan, 'primary' | 'kubelet'>,
  other: string,
  { config, listen }: PlanOptions,
): Map<string, string> {
  const chosen = config === undefined ? undefined : assertSamePrimary(config, primary);
  const connect = services.formatConnect(primary, chosen?.other ?? other);
  const files = new Map([[services.RUNTIMES_FILE, services.renderRuntimes(connect)]]);
  if (config !== undefined) {
    files.set(services.CONFIG_FILE, config);
    files.set(services.CONFIG_DROP_IN, services.renderConfigDropIn(findProgram(host.files), listen));
  }
  const dropIn = services.renderServiceDropIn(findServiceNeeds(host, connect, primary));
  if (dropIn !== undefined || host.files.exists(services.SERVICE_DROP_IN))
    files.set(services.SERVICE_DROP_IN, dropIn ?? services.EMPTY_DROP_IN);
  // Once the kubelet is on criproxy, its own arguments no longer say how it ran Docker.
  if (primary.needsDockershim && kubelet?.usesDocker)
    files.set(services.DOCKERSHIM_UNIT_FILE, services.renderDockershim(kubelet));
  for (const [path, text] of files) if (host.files.read(path) === text) files.delete(path);
  return files;
}

/** Whether the flags that criproxy 0.14 gave the kubelet still lead it to the endpoint, and this kubelet knows all of them. */
function isStillGood({ endpoint, imageEndpoint, args, minor = Infinity }: Kubelet, value: string): boolean {
  const leads = [endpoint, imageEndpoint].every(one => one !== undefined && sameEndpoint(one.value, value));
  return leads && (minor < FIRST_WITHOUT_RUNTIME_FLAG || findFlag(args, 'container-runtime') === undefined);
}

/**
 * The edits are planned on the node as it would be without the edits of before: an edit that a kubelet of an earlier version needed,
 * and this version refuses, is not made again. Files of criproxy 0.14 stay for as long as they are good: they give the kubelet more
 * than its endpoint.
 */
function planEdits(
  host: Host,
  record: SetupRecord,
  endpoint: string,
): Pick<SetupPlan, 'kubelet' | 'edits' | 'changes'> {
  const old = record.edits.filter(isOfOldRelease);
  const newer = undoAll(host.files, { ...record, edits: record.edits.filter(edit => !isOfOldRelease(edit)) });
  const current = old.length > 0 ? inspectKubelet(overlayTree(host.files, newer), host) : undefined;
  const kept = current !== undefined && isStillGood(current, endpoint) ? old : [];
  const undone = kept.length > 0 ? newer : undoAll(host.files, record);
  const bare = overlayTree(host.files, undone);
  const kubelet = inspectKubelet(bare, host);
  if (kubelet === undefined) return { kubelet, edits: kept, changes: new Map() };
  const { texts, made } = foldEdits(bare, planKubelet(bare, kubelet, endpoint, host));
  const wanted = new Map([...undone, ...texts]);
  const changes = new Map([...wanted].filter(([path, text]) => host.files.read(path) !== text));
  return { kubelet, edits: [...kept, ...made], changes };
}

const nothing = { edits: [], changes: new Map(), left: undefined } as const;

/** The choice of runtimes, in the options or before. `before`: the primary's socket. */
interface Wish {
  readonly primary: (kubelet: Kubelet | undefined) => Choice;
  readonly before: string | undefined;
  readonly other: string;
}

function findWish(host: Host, options: PlanOptions, record: SetupRecord): Wish {
  const { primary, other, listen } = options;
  const chosen = readChosen(host.files, listen);
  const before = chosen?.primary ?? record.primary;
  if (options.areAnswers !== true) return { primary: () => primary, before, other: other ?? chosen?.other ?? '' };
  const weighed = weighAnswers({ primary, other: other ?? '' }, record.answers, chosen);
  const isOn = (kubelet?: Kubelet) => kubelet?.endpoint !== undefined && sameEndpoint(kubelet.endpoint.value, listen);
  return {
    primary: kubelet => weighed.primary ?? (isOn(kubelet) ? 'detect' : primary),
    before,
    other: weighed.other ?? chosen?.other ?? '',
  };
}

function planWith(host: Host, options: PlanOptions, record: SetupRecord, wish: Wish): Omit<SetupPlan, 'files'> {
  const endpoint = `unix://${options.listen}`;
  const choose = (kubelet: Kubelet | undefined) =>
    choosePrimary(host.files, kubelet, wish.primary(kubelet), options.listen, wish.before);
  const current = inspectKubelet(host.files, host);
  if (current === undefined) return { ...nothing, kubelet: undefined, primary: choose(undefined) };
  if (isUnfinished(host.files, current))
    return { ...nothing, kubelet: undefined, primary: choose(undefined), left: unfinished(current, endpoint) };
  return { ...planEdits(host, record, endpoint), primary: choose(current), left: undefined };
}

/**
 * Reads the node, and changes nothing. A kubelet that is not understood does not keep the daemon from running: the kubelet is then left
 * alone.
 */
export function makePlan(host: Host, options: PlanOptions, record: SetupRecord): SetupPlan {
  const wish = findWish(host, options, record);
  let plan: Omit<SetupPlan, 'files'>;
  try {
    plan = planWith(host, options, record, wish);
  } catch (fault) {
    if (!(fault instanceof SetupError) || fault.kind !== 'strange') throw fault;
    const choice = wish.primary(undefined) === 'dockershim' ? 'detect' : wish.primary(undefined);
    const primary = choosePrimary(host.files, undefined, choice, options.listen, wish.before);
    plan = { ...nothing, kubelet: undefined, primary, left: fault };
  }
  return { ...plan, files: listFiles(host, plan, wish.other, options) };
}
