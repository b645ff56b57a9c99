import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { SnapshotStore } from '../routing/snapshot-keeper.ts';
import { DamagedError, readState, setAside, writeState } from '../store/state-file.ts';
import type { Counter } from '../watch/counters.ts';

/** Snapshots in files of a folder: `primary.snapshot`, and `runtime-ID.snapshot` for the others. Counts what it cannot write. */
export function snapshotStore(folder: string, log: Logger, failures?: Counter): SnapshotStore {
  const fileOf = (id: string) => join(folder, id === '' ? 'primary.snapshot' : `runtime-${id}.snapshot`);
  return {
    async load(id) {
      const path = fileOf(id);
      try {
        return await readState(path);
      } catch (fault) {
        const reason = (fault as Error).message;
        if (!(fault instanceof DamagedError)) log.warn(`cannot read ${path}: ${reason}; going on without it`);
        else await putAside(path, reason, log);
        return undefined;
      }
    },
    async save(id, content) {
      try {
        await writeState(fileOf(id), content);
      } catch (fault) {
        failures?.add();
        const reason = (fault as Error).message;
        throw new Error(`${reason}; make room there, or give -stateDir a folder that can be written`, { cause: fault });
      }
    },
    async remove(id) {
      await rm(fileOf(id), { force: true });
    },
  };
}

async function putAside(path: string, reason: string, log: Logger): Promise<void> {
  try {
    log.warn(`${path} is damaged (${reason}); it is now ${await setAside(path)}, and a new one will be written`);
  } catch (fault) {
    log.warn(`${path} is damaged (${reason}) and cannot be moved away: ${(fault as Error).message}`);
  }
}
