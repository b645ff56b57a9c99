import { DOCKERSHIM, SERVICE, stopDaemon } from './daemon.ts';
import type { Edit } from './edit.ts';
import { sameEndpoint } from './endpoint.ts';
import { SetupError } from './error.ts';
import type { Host } from './host.ts';
import { findKubeletUnit, inspectKubelet, type Kubelet } from './kubelet.ts';
import { restartKubelet } from './kubelet-restart.ts';
import { describeEdit, describeUndone, planKubelet } from './plan.ts';
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
import { DOCKERSHIM_UNIT_FILE, SERVICE_DROP_IN } from './services.ts';

export interface RevertOptions {
  readonly listen: string;
  /** Stop the daemon once the kubelet no longer needs it. */
  readonly stop: boolean;
  readonly settle: number;
}

/** What revert did. `left`: edits that somebody changed since; `strange`: a kubelet that still uses criproxy, and why. */
export interface Reverted {
  readonly done: readonly string[];
  readonly left: readonly LeftEdit[];
  readonly strange: SetupError | undefined;
}

/** The kubelet, if its configuration can be read; what cannot be understood now is not edited. */
function inspect(host: Host): Kubelet | SetupError | undefined {
  try {
    return inspectKubelet(host.files, host);
  } catch (fault) {
    if (fault instanceof SetupError) return fault;
    throw fault;
  }
}

/** kubeadm may have moved the endpoint to another file since: what is still ours there goes back too. */
function planMoved(host: Host, record: SetupRecord, listen: string): readonly Edit[] | SetupError {
  const kubelet = inspect(host);
  if (kubelet instanceof SetupError) return kubelet;
  const current = kubelet?.endpoint?.value;
  if (kubelet === undefined || current === undefined || !sameEndpoint(current, listen) || record.edits.length === 0)
    return [];
  const old = record.endpoint ?? (record.primary && `unix://${record.primary}`);
  try {
    return old === undefined ? [] : planKubelet(host.files, kubelet, old, host);
  } catch (fault) {
    if (fault instanceof SetupError) return fault;
    throw fault;
  }
}

async function restoreKubelet(
  host: Host,
  record: SetupRecord,
  options: RevertOptions,
  rollback: Rollback,
): Promise<Reverted> {
  let isRestarted = false;
  const unit = findKubeletUnit(host.files, host);
  const reload = async () => {
    if (host.noServices === undefined) await host.systemctl('daemon-reload');
  };
  rollback.push(async () => {
    await reload();
    if (isRestarted) await host.systemctl('restart', unit);
  });
  const { undone, left } = undoEdits(host.files, rollback, record.edits);
  const moved = planMoved(host, record, options.listen);
  const more = moved instanceof SetupError ? [] : moved;
  for (const [path, text] of foldEdits(host.files, more).texts) rollback.write(path, text!);
  const done = [
    ...undone.map(edit => `${edit.file}: ${describeUndone(edit)}`),
    ...more.map(edit => `${edit.file}: ${describeEdit(edit)}`),
  ];
  const strange = moved instanceof SetupError ? moved : undefined;
  if (done.length === 0 || host.noServices !== undefined) return { done, left, strange };
  await reload();
  // The kubelet takes over its dockershim's socket.
  if (host.files.exists(DOCKERSHIM_UNIT_FILE)) await host.systemctl('stop', DOCKERSHIM);
  const said = await restartKubelet(host, unit, undefined, options.settle, () => {
    isRestarted = true;
  });
  return { done: [...done, said], left, strange };
}

/**
 * Takes the node off criproxy: puts back every recorded edit that still is as it was made, restarts the kubelet if that
 * changed something, then stops the daemon if told to. Edits that somebody changed since are left, and named. Throws a
 * SetupError with everything as it was before.
 */
export async function revertSetup(host: Host, options: RevertOptions): Promise<Reverted> {
  const record = readRecord(host.files);
  const rollback = new Rollback(host);
  try {
    const reverted = await restoreKubelet(host, record, options, rollback);
    const { primary } = record;
    const rest = formatRecord({ format: 1, edits: [], ...(primary !== undefined && { primary }) });
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
  const hasDockershim = host.files.exists(DOCKERSHIM_UNIT_FILE);
  if (host.noServices === undefined) {
    await stopDaemon(host);
    if (hasDockershim) await host.systemctl('stop', DOCKERSHIM);
  }
  for (const file of [SERVICE_DROP_IN, DOCKERSHIM_UNIT_FILE]) host.files.remove(file);
  if (host.noServices === undefined) await host.systemctl('daemon-reload');
  return [SERVICE, ...(hasDockershim ? [DOCKERSHIM] : [])].map(unit => `stopped ${unit}`);
}
