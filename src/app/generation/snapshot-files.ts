import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import { encodeOwner } from '../../cri/state/state-message.ts';
import type { Filed, SnapshotStore } from '../../routing/state/snapshot-store.ts';
import { DamagedError, readState, setAside, writeState } from '../../store/state-file.ts';
import { TwinJournal } from '../../store/twin-journal.ts';
import type { Counter } from '../../watch/counters.ts';
import { nameOfSocket, oldIdOf, socketOf } from './snapshot-names.ts';

/**
 * Keeps the knowledge of runtimes in files of a folder, named by their sockets: `NAME.snapshot`, its copy `NAME@copy.snapshot`, and
 * `NAME@known.snapshot`, which says no more than that the runtime was seen. Counts the failed writes.
 */
export function snapshotStore(folder: string, log: Logger, failures?: Counter): SnapshotStore {
  const journals = new Map<string, TwinJournal>();
  const pathOf = (socket: string, part = '') => join(folder, `${nameOfSocket(socket)}${part}.snapshot`);
  const journalOf = (socket: string) => {
    const journal = journals.get(socket) ?? new TwinJournal(pathOf(socket), pathOf(socket, '@copy'));
    journals.set(socket, journal);
    return journal;
  };
  const counted = async (writing: Promise<void>) => {
    try {
      await writing;
    } catch (fault) {
      failures?.add();
      const reason = (fault as Error).message;
      throw new Error(`${reason}; make room there, or give -stateDir a folder that can be written`, { cause: fault });
    }
  };
  const remove = async (socket: string) => {
    await journalOf(socket).remove();
    journals.delete(socket);
    await rm(pathOf(socket, '@known'), { force: true });
  };
  const loadOne = async (socket: string): Promise<Filed> => {
    const { contents, bad } = await journalOf(socket).load();
    for (const { path, reason, isDamaged } of bad) {
      if (isDamaged) await putAside(path, reason, log);
      else log.warn(`cannot read ${path}: ${reason}; going on without it`);
    }
    const owner = await readState(pathOf(socket, '@known')).catch(() => undefined);
    return { socket, owner: owner ?? Buffer.alloc(0), contents, remove: () => remove(socket) };
  };
  const loadOld = async (id: string, path: string): Promise<Filed> => {
    let content: Buffer | undefined;
    try {
      content = await readState(path);
    } catch (fault) {
      const reason = (fault as Error).message;
      if (fault instanceof DamagedError) await putAside(path, reason, log);
      else log.warn(`cannot read ${path}: ${reason}; going on without it`);
    }
    const contents = content === undefined ? undefined : [content];
    return {
      socket: undefined,
      owner: encodeOwner({ id, path: '' }),
      contents,
      remove: () => rm(path, { force: true }),
    };
  };
  return {
    async load() {
      const names = await readdir(folder).catch(fault => {
        if (fault.code !== 'ENOENT') log.warn(`cannot read ${folder}: ${fault.message}; going on without it`);
        return [] as string[];
      });
      const sockets = new Set(names.flatMap(name => socketOf(name) ?? []));
      const old = names.flatMap(name => {
        const id = oldIdOf(name);
        return id === undefined ? [] : [loadOld(id, join(folder, name))];
      });
      return Promise.all([...[...sockets].map(loadOne), ...old]);
    },
    mark: (socket, owner) => counted(writeState(pathOf(socket, '@known'), owner)),
    replace: (socket, state) => counted(journalOf(socket).replace(state)),
    append: (socket, change) => counted(journalOf(socket).append(change)),
    remove,
    async close() {
      for (const journal of journals.values()) await journal.close();
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
