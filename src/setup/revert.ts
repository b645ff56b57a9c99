import { adoptEdits, isOfOldRelease } from './adopt.ts';
import { DOCKERSHIM, SERVICE, stopDaemon } from './daemon.ts';
import type { Edit } from './edit.ts';
import type { Host } from './host.ts';
import { findKubeletUnit } from './kubelet.ts';
import { undoableRestart } from './kubelet-restart.ts';
import { describeEdit, describeUndone } from './plan.ts';
import {
  foldEdits,
  formatRecord,
  type LeftEdit,
  RECORD_FILE,
  readRecord,
  type SetupRecord,
  undoEdits,
} from './record.ts';
import { Rollback } from './rollback.ts';
import { findSecondaryPods, PodsLeft } from './secondary-pods.ts';
import { CONFIG_DROP_IN, DOCKERSHIM_UNIT_FILE, SERVICE_DROP_IN } from './services.ts';
import { SetupError } from './setup-error.ts';
import { isInUse, isOwnDockershim, planWayBack } from './way-back.ts';

export interface RevertOptions {
  readonly listen: string;
  /** Stop the daemon once the kubelet no longer needs it. */
  readonly stop: boolean;
  /** Stop it even if it may be needed: by pods on other runtimes, or by a kubelet that is not understood. */
  readonly force?: boolean;
  readonly settle: number;
}

/** The result of revert. `left`: edits that were changed since; `strange`: a kubelet that still uses criproxy, and why. */
export interface Reverted {
  readonly done: readonly string[];
  readonly left: readonly LeftEdit[];
  readonly strange: SetupError | undefined;
}

/** Plans the way back; an obstacle is thrown, or, if it is allowed to stay, returned. */
async function planRest(
  host: Host,
  record: SetupRecord,
  { listen, stop, force }: RevertOptions,
): Promise<readonly Edit[] | SetupError> {
  try {
    return await planWayBack(host, record, listen);
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    const isNeeded = fault.kind === 'failed' || (stop && (await isInUse(host, listen)));
    if (isNeeded && !force) throw fault;
    return fault;
  }
}

const dockershimOf = (host: Host, record: SetupRecord) => {
  const isOld = record.edits.some(made => isOfOldRelease(made) && made.edit.file === DOCKERSHIM_UNIT_FILE);
  return { isOld, isOwn: isOld || isOwnDockershim(host.files) };
};

/** Stops the dockershim, whose socket a kubelet with Docker takes over, and has it started at no boot. */
async function stopDockershim(host: Host, isOld: boolean, rollback: Rollback): Promise<void> {
  rollback.push(() => host.systemctl('start', DOCKERSHIM));
  await host.systemctl('stop', DOCKERSHIM);
  if (!isOld) return;
  rollback.push(() => host.systemctl('enable', DOCKERSHIM));
  await host.systemctl('disable', DOCKERSHIM);
}

/** Throws a PodsLeft where a kubelet that may use criproxy would lose pods of other runtimes. */
async function assertNoPodsLeft(host: Host, record: SetupRecord, listen: string): Promise<void> {
  if (record.edits.length === 0 && !(await isInUse(host, listen))) return;
  const pods = await findSecondaryPods(host, listen);
  if (pods.length > 0) throw new PodsLeft(pods, host.name);
}

async function restoreKubelet(
  host: Host,
  record: SetupRecord,
  options: RevertOptions,
  rollback: Rollback,
): Promise<Reverted> {
  const restart = undoableRestart(host, findKubeletUnit(host.files, host), rollback, options.settle);
  const dockershim = dockershimOf(host, record);
  if (dockershim.isOwn && host.noServices === undefined) await stopDockershim(host, dockershim.isOld, rollback);
  const { undone, left } = undoEdits(host.files, rollback, record.edits);
  const rest = await planRest(host, record, options);
  const strange = rest instanceof SetupError ? rest : undefined;
  const more = rest instanceof SetupError ? [] : rest;
  for (const [path, text] of foldEdits(host.files, more).texts) rollback.write(path, text!);
  const done = [
    ...undone.map(edit => `${edit.file}: ${describeUndone(edit)}`),
    ...more.map(edit => `${edit.file}: ${describeEdit(edit)}`),
  ];
  if (host.noServices !== undefined) return { done, left, strange };
  // Files that are as they were already say nothing of the kubelet that runs: an earlier try may have ended half-way.
  const wereBack = record.edits.length > undone.length + left.length;
  const mayBeOn = strange === undefined && (wereBack || (await isInUse(host, options.listen)));
  const isDue = done.length > 0 || mayBeOn;
  if (!isDue) return { done, left, strange };
  await host.systemctl('daemon-reload');
  return { done: [...done, await restart(undefined)], left, strange };
}

/**
 * Takes the node off criproxy: puts back every recorded edit that still is as it was made, leads the kubelet to a socket that is
 * served, restarts it if it has used criproxy, then stops the daemon if told to. Edits that were changed since are left, and named.
 * Throws a SetupError with everything as it was before.
 */
export async function revertSetup(host: Host, options: RevertOptions): Promise<Reverted> {
  const unlock = await host.lock();
  try {
    return await revertLocked(host, options);
  } finally {
    unlock();
  }
}

/** The same, under a lock that the caller has taken. */
export async function revertLocked(host: Host, options: RevertOptions): Promise<Reverted> {
  const rollback = new Rollback(host);
  try {
    const record = adoptEdits(host, readRecord(host.files));
    if (!options.force) await assertNoPodsLeft(host, record, options.listen);
    const reverted = await restoreKubelet(host, record, options, rollback);
    const { primary, answers } = record;
    const kept = { format: 1, edits: [], ...(primary && { primary }), ...(answers && { answers }) } as const;
    const rest = formatRecord(kept);
    if (rest === undefined) rollback.remove(RECORD_FILE);
    else rollback.write(RECORD_FILE, rest);
    rollback.commit();
    return { ...reverted, done: [...reverted.done, ...(options.stop ? await stopServices(host) : [])] };
  } catch (fault) {
    throw await rollback.run(fault);
  }
}

/** Stops the services and removes the unit files that were written for them. */
async function stopServices(host: Host): Promise<string[]> {
  const hasDockershim = isOwnDockershim(host.files);
  if (host.noServices === undefined) await stopDaemon(host);
  for (const file of [SERVICE_DROP_IN, CONFIG_DROP_IN, ...(hasDockershim ? [DOCKERSHIM_UNIT_FILE] : [])])
    host.files.remove(file);
  if (host.noServices === undefined) await host.systemctl('daemon-reload');
  return [SERVICE, ...(hasDockershim ? [DOCKERSHIM] : [])].map(unit => `stopped ${unit}`);
}
