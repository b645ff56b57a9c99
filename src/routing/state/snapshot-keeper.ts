import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { encodeOwner, readOwner } from '../../cri/state/state-message.ts';
import { idPrefix } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import { Filing } from './filing.ts';
import type { NodeState } from './node-state.ts';
import type { Snapshot } from './snapshot.ts';
import { type Claim, claimFiled, ownerOf } from './snapshot-claims.ts';
import { loadState } from './snapshot-file.ts';
import type { Filed, SnapshotStore } from './snapshot-store.ts';

/** How long a change that only a list has shown may wait to be written, in ms; a change by a call does not wait. */
const LAZY = 1_000;

/** The time until the next try to write a snapshot that could not be written, in ms. */
const RETRY = 5_000;

/** Loads the snapshots at the start, and writes each one when it has changed. */
export class SnapshotKeeper {
  private readonly node: NodeState;
  private readonly store: SnapshotStore;
  private readonly bootId: string;
  private readonly log: Logger;
  private readonly filings = new WeakMap<Snapshot, Filing>();
  /** Old files whose content is filed under the runtime's own socket from now on. */
  private readonly replaced = new WeakMap<Snapshot, Filed>();
  /** Runtimes that may have been seen, which must not be written as a fact. */
  private readonly doubted = new WeakSet<Snapshot>();
  /** Snapshots of runtimes that are not in the configuration. */
  private rest: readonly Filed[] = [];
  private writing: Promise<void> | undefined;
  private again = false;
  private readonly failing = new WeakSet<Runtime>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  private constructor(node: NodeState, store: SnapshotStore, bootId: string, log: Logger) {
    this.node = node;
    this.store = store;
    this.bootId = bootId;
    this.log = log;
    node.onToWrite = () => void this.write();
    node.onNews = () => this.writeIn(LAZY);
  }

  /** `bootId`: /proc/sys/kernel/random/boot_id, by which a reboot of the node shows. */
  static async open(node: NodeState, store: SnapshotStore, bootId: string, log: Logger): Promise<SnapshotKeeper> {
    const keeper = new SnapshotKeeper(node, store, bootId, log);
    const { all } = node.runtimes;
    const { claims, rest } = claimFiled(all, await store.load());
    const old = rest.filter(({ socket }) => socket === undefined);
    // A file that is claimed by an id alone stays in place: its socket may come back under another id.
    const others = [...claims.values()].filter(({ filed, by }) => by === 'id' && filed.socket !== undefined);
    keeper.rest = [...rest.filter(filed => !old.includes(filed)), ...others.map(({ filed }) => filed)];
    // A file of an earlier version without a claim may belong to any of these runtimes.
    const isDoubtful = old.length > 0;
    for (const runtime of all) {
      const claim = claims.get(runtime);
      if (claim !== undefined) keeper.take(runtime, claim);
      else if (isDoubtful) {
        keeper.lose(runtime, 'there is a snapshot of an earlier version that may belong to it');
        keeper.doubted.add(keeper.node.of(runtime));
      }
    }
    if (isDoubtful && all.every(runtime => claims.get(runtime)?.by === 'socket')) await keeper.drop(old);
    return keeper;
  }

  /** A runtime joins: a snapshot that was filed under its socket before belongs to it. */
  adopt(runtime: Runtime): void {
    const claim = claimFiled([runtime], this.rest).claims.get(runtime);
    if (claim === undefined || claim.by === 'id') return;
    this.rest = this.rest.filter(filed => filed !== claim.filed);
    this.take(runtime, claim);
  }

  /**
   * Runtimes have replaced others: writes the new ones at once, and removes the files of `sockets`, which no runtime has any more. The
   * pods of those files are out of the lists, and must not come back with an old state if such a runtime is added again while it is down.
   */
  async letGo(sockets: readonly string[]): Promise<void> {
    await this.write();
    for (const socket of sockets) {
      await this.store.remove(socket).catch((fault: Error) => {
        this.log.warn(`cannot remove the snapshot of the removed runtime at ${socket}: ${fault.message}`);
      });
    }
  }

  /** Removes the files of a forgotten runtime. Rejects when one of them is still there. */
  async forget(runtime: Runtime): Promise<void> {
    await this.writing;
    const snapshot = this.node.of(runtime);
    this.filings.delete(snapshot);
    const { claims } = claimFiled([runtime], this.rest);
    const others = [this.replaced.get(snapshot), claims.get(runtime)?.filed].filter(each => each !== undefined);
    this.rest = this.rest.filter(filed => !others.includes(filed));
    for (const filed of others) await filed.remove();
    await this.store.remove(runtime.socket);
  }

  /** Writes all unwritten changes. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.write();
    await this.store.close();
  }

  /** Resolves when all changes until now are written, or could not be written. */
  flush(): Promise<void> {
    return this.write();
  }

  private take(runtime: Runtime, { filed, by }: Claim): void {
    const snapshot = this.node.of(runtime);
    const filing = new Filing();
    this.filings.set(snapshot, filing);
    if (by === 'socket') filing.mark = readOwner(filed.owner);
    if (by === 'path' || filed.socket === undefined) this.replaced.set(snapshot, filed);
    if (filed.contents === undefined) {
      this.lose(runtime, 'neither its snapshot nor the copy of it can be used');
      return;
    }
    try {
      loadState(filed.contents, this.bootId, snapshot);
      snapshot.seen = true;
      const before = ownerOf(filed)?.id ?? runtime.id;
      if (before !== runtime.id) snapshot.keepShownIds(idPrefix(before), idPrefix(runtime.id));
      const from = by === 'socket' ? '' : `, found by its ${by === 'path' ? 'path in the configuration' : 'id alone'}`;
      this.log.info(Level.Detail, `loaded the snapshot of ${runtimeName(runtime.id)}${from}`, undefined, {
        runtime: runtime.id,
      });
    } catch (fault) {
      this.lose(runtime, `its snapshot on the disk cannot be used: ${String(fault)}`);
    }
  }

  /** The runtime has been up before, and its pods are unknown. */
  private lose(runtime: Runtime, reason: string): void {
    this.node.of(runtime).seen = true;
    const remedy = runtime.id === '' ? '' : `; if it has left this node for good: criproxy forget ${runtime.id}`;
    this.log.warn(
      `the pods of ${runtimeName(runtime.id)} are not known: ${reason}. Lists fail with Unavailable until it is up${remedy}`,
      { runtime: runtime.id, change: true },
    );
  }

  private writeIn(ms: number): void {
    if (this.stopped) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.write();
    }, ms).unref();
  }

  /** One write at a time; a change during a write is written afterwards. */
  private write(): Promise<void> {
    this.again = true;
    this.writing ??= this.writeChanges().finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async writeChanges(): Promise<void> {
    while (this.again) {
      this.again = false;
      for (const runtime of this.node.runtimes.all) await this.writeOne(runtime);
    }
  }

  private async writeOne(runtime: Runtime): Promise<void> {
    const snapshot = this.node.of(runtime);
    if (runtime.state.kind === 'up' || snapshot.known) this.doubted.delete(snapshot);
    if (!snapshot.seen || this.doubted.has(snapshot)) return;
    const filing = this.filings.get(snapshot) ?? new Filing();
    this.filings.set(snapshot, filing);
    try {
      await this.writeEntry(runtime, snapshot, filing);
      if (!this.failing.delete(runtime)) return;
      const text = `the snapshot of ${runtimeName(runtime.id)} is written to the disk again`;
      this.log.info(Level.State, text, undefined, { runtime: runtime.id, change: true });
    } catch (fault) {
      filing.fail();
      this.writeIn(RETRY);
      if (this.failing.has(runtime)) return;
      this.failing.add(runtime);
      const text = `cannot write the snapshot of ${runtimeName(runtime.id)}: ${(fault as Error).message}`;
      this.log.warn(text, { runtime: runtime.id, change: true });
    }
  }

  private async writeEntry(runtime: Runtime, snapshot: Snapshot, filing: Filing): Promise<void> {
    const { id, path, socket } = runtime;
    const entry = snapshot.known ? filing.next(snapshot, runtime, this.bootId) : undefined;
    if (entry?.kind === 'change') await this.store.append(socket, entry.content);
    if (entry?.kind === 'state') await this.store.replace(socket, entry.content);
    if (filing.mark?.id !== id || filing.mark.path !== path) {
      await this.store.mark(socket, encodeOwner({ id, path }));
      filing.mark = { id, path };
    }
    const replaced = this.replaced.get(snapshot);
    if (entry !== undefined && replaced !== undefined && this.replaced.delete(snapshot)) await this.drop([replaced]);
  }

  private async drop(files: readonly Filed[]): Promise<void> {
    for (const filed of files) {
      await filed.remove().catch((fault: Error) => {
        this.log.warn(`cannot remove an old snapshot file after its content was written again: ${fault.message}`);
      });
    }
  }
}
