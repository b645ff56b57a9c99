import { adoptEdits } from './adopt.ts';
import {
  assertServes,
  type DaemonOptions,
  type DaemonState,
  DOCKERSHIM,
  observeDaemon,
  SERVICE,
  startDaemon,
  undoDaemon,
} from './daemon.ts';
import { sameEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { KUBELET_UNIT } from './kubelet.ts';
import { undoableRestart } from './kubelet-restart.ts';
import { makePlan, type PlanOptions, type SetupPlan } from './node-plan.ts';
import { describeEdit, describeUndone } from './plan.ts';
import { formatRecord, makeChanges, RECORD_FILE, readRecord, type SetupRecord } from './record.ts';
import { Rollback } from './rollback.ts';
import { CONFIG_FILE, DOCKERSHIM_UNIT_FILE, RUNTIMES_FILE } from './services.ts';
import { failed, SetupError } from './setup-error.ts';

export interface ApplyOptions extends PlanOptions, DaemonOptions {
  /** Restart the daemon though it runs: its program is a new one. */
  readonly restart: boolean;
  /** How long the kubelet must stay up, if it does not say that it is healthy, in ms. */
  readonly settle: number;
}

/** The result of apply. `left`: the reason why the kubelet was left alone, though nothing failed. */
export interface Applied {
  readonly done: readonly string[];
  readonly left: SetupError | undefined;
}

/** Whether nothing but what a reload reads has changed: the configuration, and what the set-up notes of its runtimes. */
function isReload({ files }: SetupPlan, options: ApplyOptions, before: DaemonState): boolean {
  const read = [CONFIG_FILE, RUNTIMES_FILE];
  return (
    before.serves && !options.restart && files.has(CONFIG_FILE) && [...files.keys()].every(path => read.includes(path))
  );
}

/** Writes the services' files and brings the daemon up with them. */
async function bringUpDaemon(
  host: Host,
  plan: SetupPlan,
  options: ApplyOptions,
  rollback: Rollback,
): Promise<string[]> {
  const before = await observeDaemon(host, options.listen);
  const isNew = plan.files.size > 0 || options.restart || !before.isActive;
  let isStarted = false;
  // Pushed first, so that going back starts the daemon after its old files are in place again.
  const undo = undoDaemon(host, before, options);
  rollback.push(async () => {
    if (plan.files.size > 0) await host.systemctl('daemon-reload');
    if (isStarted) await undo();
  });
  for (const [path, text] of plan.files) rollback.write(path, text);
  // An upgrade brings new units.
  if (plan.files.size > 0 || options.restart) await host.systemctl('daemon-reload');
  if (!isNew) {
    if (!before.serves && plan.changes.size > 0) await assertServes(host, options);
    return [];
  }
  if (isReload(plan, options, before)) {
    isStarted = true;
    await host.systemctl('reload', SERVICE);
    return [`reloaded criproxy: ${await assertServes(host, options)}`];
  }
  isStarted = true;
  if (plan.primary.needsDockershim)
    await host.systemctl(plan.files.has(DOCKERSHIM_UNIT_FILE) ? 'restart' : 'start', DOCKERSHIM);
  // A daemon that served before must serve again, and a kubelet that was connected to its runtime before must be connected again.
  const isDue = before.serves || (plan.kubelet !== undefined && !before.isActive);
  return [await startDaemon(host, before, options, isDue)];
}

/** The edits in the files that changed, and the edits that were taken back there. */
function describeChanges({ edits, changes }: SetupPlan, record: SetupRecord): string[] {
  const now = edits.map(({ edit }) => edit).filter(({ file }) => changes.has(file));
  const kept = new Set(now.map(edit => JSON.stringify(edit)));
  const gone = record.edits
    .map(({ edit }) => edit)
    .filter(edit => changes.has(edit.file) && !kept.has(JSON.stringify(edit)));
  return [
    ...gone.map(edit => `${edit.file}: ${describeUndone(edit)}`),
    ...now.map(edit => `${edit.file}: ${describeEdit(edit)}`),
  ];
}

/** Edits the settings that give the kubelet its endpoint, and restarts it. */
async function pointKubelet(
  host: Host,
  plan: SetupPlan,
  options: ApplyOptions,
  record: SetupRecord,
  rollback: Rollback,
): Promise<string[]> {
  const { kubelet, changes } = plan;
  const isDue = changes.size > 0 || (record.pending === true && kubelet !== undefined);
  const restart = undoableRestart(host, kubelet?.unit.name ?? KUBELET_UNIT, rollback, options.settle);
  const noted = note(plan, options, record);
  if (isDue || formatRecord(noted) !== host.files.read(RECORD_FILE))
    makeChanges(rollback, changes, record, isDue ? { ...noted, pending: true } : noted);
  if (!isDue) return [];
  await host.systemctl('daemon-reload');
  const said = await restart(options.listen);
  rollback.write(RECORD_FILE, formatRecord(noted)!);
  return [...describeChanges(plan, record), said];
}

/** The record once the plan is in force. */
function note({ kubelet, edits, primary }: SetupPlan, options: ApplyOptions, record: SetupRecord): SetupRecord {
  const { endpoint: _, pending: __, ...rest } = record;
  const current = kubelet?.endpoint?.value;
  const isOurs = current !== undefined && sameEndpoint(current, options.listen);
  const endpoint = isOurs ? record.endpoint : current;
  const old = kubelet === undefined ? record : { ...rest, edits, ...(endpoint !== undefined && { endpoint }) };
  const answers = options.areAnswers ? { primary: options.primary, other: options.other ?? '' } : record.answers;
  return { ...old, primary: primary.socket, ...(answers !== undefined && { answers }) };
}

/** Where no service can be started, the daemon is told its runtimes, and the kubelet is left alone. */
function prepareOnly(host: Host, plan: SetupPlan, rollback: Rollback): Applied {
  for (const [path, text] of plan.files) rollback.write(path, text);
  const left = new SetupError('strange', SERVICE, host.noServices!, 'once the node runs: criproxy setup apply');
  return { done: [], left };
}

/**
 * Puts the node on criproxy: writes the services' files, starts the daemon, waits for its answer, edits the settings that give the
 * kubelet its endpoint, restarts the kubelet once, only if something changed, and waits until it stays up. Throws a SetupError with
 * everything put back as it was.
 */
export async function applySetup(host: Host, options: ApplyOptions): Promise<Applied> {
  const unlock = await host.lock();
  try {
    return await applyLocked(host, options);
  } finally {
    unlock();
  }
}

/** The same, under a lock that the caller has taken. */
export async function applyLocked(host: Host, options: ApplyOptions): Promise<Applied> {
  const { plan, record } = await readNode(host, options);
  return carryOut(host, plan, options, record);
}

/**
 * Rejects with a SetupError if a file of the set-up itself cannot be read. A new program has not been tried then, and would be started
 * by chance, at the next boot for example: the old one is put back.
 */
async function readNode(host: Host, options: ApplyOptions): Promise<{ plan: SetupPlan; record: SetupRecord }> {
  try {
    const record = adoptEdits(host, readRecord(host.files));
    return { plan: makePlan(host, options, record), record };
  } catch (fault) {
    const isRestored = options.fallBack !== undefined && host.restoreProgram(options.fallBack);
    if (isRestored && host.noServices === undefined) await host.systemctl('daemon-reload');
    throw fault instanceof SetupError ? failed(fault.where, fault.saw, fault.remedy) : fault;
  }
}

async function carryOut(host: Host, plan: SetupPlan, options: ApplyOptions, record: SetupRecord): Promise<Applied> {
  const rollback = new Rollback(host);
  try {
    let applied: Applied;
    if (host.noServices !== undefined) applied = prepareOnly(host, plan, rollback);
    else {
      const done = await bringUpDaemon(host, plan, options, rollback);
      applied = { done: [...done, ...(await pointKubelet(host, plan, options, record, rollback))], left: plan.left };
    }
    rollback.commit();
    return applied;
  } catch (fault) {
    throw await rollback.run(fault);
  }
}
