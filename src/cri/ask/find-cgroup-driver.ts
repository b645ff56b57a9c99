import { type CgroupDriverName, cgroupDriverInStatus, readCgroupDriver } from '../read/cgroup-driver.ts';
import { statusRequest } from '../read/node-status.ts';

/** Gives a runtime's answer to a method of RuntimeService; rejects as any call. */
export type AskRuntime = (method: 'Status' | 'RuntimeConfig', request: Buffer) => Promise<Buffer>;

/** The driver of a runtime. One that is older than RuntimeConfig may tell it by its configuration. Rejects as the last question. */
export async function findCgroupDriver(ask: AskRuntime): Promise<CgroupDriverName | undefined> {
  const told = await ask('RuntimeConfig', Buffer.alloc(0)).then(readCgroupDriver, () => undefined);
  return told ?? (await driverInConfiguration(ask));
}

/** The driver in the configuration of a runtime; undefined where that does not tell. */
export async function driverInConfiguration(ask: AskRuntime): Promise<CgroupDriverName | undefined> {
  return cgroupDriverInStatus(await ask('Status', statusRequest(true)));
}
