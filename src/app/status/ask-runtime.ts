import type { AskedReport } from '../../admin/api/status-report.ts';
import { ownCall } from '../../base/own-call.ts';
import { type AskRuntime, findCgroupDriver } from '../../cri/ask/find-cgroup-driver.ts';
import { readConditions, statusRequest } from '../../cri/read/node-status.ts';
import type { Runtime } from '../../routing/port/runtime.ts';

/** How long a runtime may take for each answer, in ms. */
const LIMIT = 3_000;

/** A runtime's own report on itself, as far as it answers; never rejects. */
export async function askRuntime(runtime: Runtime): Promise<AskedReport> {
  const { state } = runtime;
  if (state.kind === 'down') return { cgroupDriver: null, conditions: null };
  const ask: AskRuntime = async (method, request) =>
    (await runtime.call(`/${state.packages[0]}.RuntimeService/${method}`, request, ownCall(LIMIT))).message;
  const [conditions, cgroupDriver] = await Promise.all([
    ask('Status', statusRequest(false)).then(readConditions, () => null),
    findCgroupDriver(ask).catch(() => undefined),
  ]);
  return { cgroupDriver: cgroupDriver ?? null, conditions };
}
