import type { AskedReport } from '../../admin/api/status-report.ts';
import { cgroupDriverInStatus, readCgroupDriver } from '../../cri/read/cgroup-driver.ts';
import { readConditions, statusRequest } from '../../cri/read/node-status.ts';
import { ownCall } from '../../routing/asking/ask-list.ts';
import type { Runtime } from '../../routing/port/runtime.ts';

/** How long a runtime may take for each answer, in ms. */
const LIMIT = 3_000;

/** What a runtime says of itself now, as far as it says it; never rejects. */
export async function askRuntime(runtime: Runtime): Promise<AskedReport> {
  const { state } = runtime;
  if (state.kind === 'down') return { cgroupDriver: null, conditions: null };
  const ask = async <T>(method: string, request: Buffer, read: (answer: Buffer) => T): Promise<T | undefined> => {
    try {
      return read(
        (await runtime.call(`/${state.packages[0]}.RuntimeService/${method}`, request, ownCall([], LIMIT))).message,
      );
    } catch {
      return undefined;
    }
  };
  const [conditions, driver] = await Promise.all([
    ask('Status', statusRequest(false), readConditions),
    ask('RuntimeConfig', Buffer.alloc(0), readCgroupDriver),
  ]);
  // One that is older than RuntimeConfig may tell by its configuration.
  const cgroupDriver = driver ?? (await ask('Status', statusRequest(true), cgroupDriverInStatus)) ?? null;
  return { cgroupDriver, conditions: conditions ?? null };
}
