import type { Logger } from '../base/logger.ts';
import type { NodeState } from './node-state.ts';
import type { Runtime } from './runtime.ts';
import { type Runtimes, runtimeName } from './runtimes.ts';
import type { Snapshot } from './snapshot.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-file.ts';

/** Where snapshots are kept over a restart of the proxy: a port, so that routing knows no files. */
export interface SnapshotStore {
  /** What was written for this runtime last; undefined if there is nothing that can be used. Never rejects. */
  load(runtimeId: string): Promise<Buffer | undefined>;
  /** Rejects when it could not be written; what was written before is still there then. */
  save(runtimeId: string, content: Buffer): Promise<void>;
  /** Removes what was written, if there is anything. Rejects when it is still there. */
  remove(runtimeId: string): Promise<void>;
}

/** How long a change that only a list has shown may wait to be written, in ms; one that a call has made does not wait. */
const LAZY = 1_000;

/** How far the age of a snapshot on the disk may be behind, in ms. */
const TIMES = 60_000;

/** What was written last: of which versions and times of the lists, its bytes without the times, and when. */
interface Written {
  versions: string;
  readonly times: string;
  readonly bytes: Buffer;
  readonly at: number;
}

/** Loads the snapshots at the start and writes each one down when it has changed. */
export class SnapshotKeeper {
  private readonly node: NodeState;
  private readonly store: SnapshotStore;
  private readonly bootId: string;
  private readonly log: Logger;
  private readonly written = new WeakMap<Runtime, Written>();
  private writing: Promise<void> | undefined;
  private again = false;
  private readonly failing = new WeakSet<Runtime>();
  private readonly timer: NodeJS.Timeout;

  private constructor(node: NodeState, store: SnapshotStore, bootId: string, log: Logger) {
    this.node = node;
    this.store = store;
    this.bootId = bootId;
    this.log = log;
    node.onFollowed = () => void this.write();
    this.timer = setInterval(() => void this.write(), LAZY);
    this.timer.unref();
  }

  /** `bootId`: /proc/sys/kernel/random/boot_id, by which a reboot of the node shows. */
  static async open(
    runtimes: Runtimes,
    node: NodeState,
    store: SnapshotStore,
    bootId: string,
    log: Logger,
  ): Promise<SnapshotKeeper> {
    const keeper = new SnapshotKeeper(node, store, bootId, log);
    await Promise.all(runtimes.all.map(runtime => keeper.load(runtime)));
    return keeper;
  }

  /**
   * Runtimes have others in their place: writes those at once, and removes what was written of `ids`, which nobody has any more.
   * Their pods are listed no more, and must not be again, as they were then, when one is put back and is down at the time.
   */
  async turnOver(ids: readonly string[]): Promise<void> {
    await this.write();
    for (const id of ids) {
      await this.store.remove(id).catch((fault: Error) => {
        const message = `cannot remove the snapshot of runtime ${id}, which has left: ${fault.message}`;
        this.log.warn(message, { runtime: id });
      });
    }
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.write();
  }

  private async load(runtime: Runtime): Promise<void> {
    const content = await this.store.load(runtime.id);
    if (content === undefined) return;
    try {
      decodeSnapshot(content, this.bootId, this.node.of(runtime));
      this.log.info(1, `loaded the snapshot of the ${runtimeName(runtime)}`, undefined, { runtime: runtime.id });
    } catch (fault) {
      this.log.warn(`the snapshot of the ${runtimeName(runtime)} on the disk is of no use: ${String(fault)}`, {
        runtime: runtime.id,
      });
    }
  }

  /** One at a time; a change while it writes is written after that. */
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
    const versions = versionsOf(snapshot);
    const times = timesOf(snapshot);
    const last = this.written.get(runtime);
    if (!snapshot.known) return;
    if (last?.versions === versions && (last.times === times || Date.now() - last.at < TIMES)) return;
    const { content, withoutTimes } = encodeSnapshot(snapshot, this.bootId);
    const same = last?.bytes.equals(withoutTimes) === true;
    if (same && Date.now() - last.at < TIMES) {
      last.versions = versions;
      return;
    }
    try {
      await this.store.save(runtime.id, content);
      this.written.set(runtime, { versions, times, bytes: withoutTimes, at: Date.now() });
      if (this.failing.delete(runtime)) {
        this.log.info(0, `the snapshot of the ${runtimeName(runtime)} is written to the disk again`, undefined, {
          runtime: runtime.id,
          change: true,
        });
      }
    } catch (fault) {
      if (this.failing.has(runtime)) return;
      this.failing.add(runtime);
      this.log.warn(`cannot write the snapshot of the ${runtimeName(runtime)}: ${(fault as Error).message}`, {
        runtime: runtime.id,
        change: true,
      });
    }
  }
}

function timesOf({ pods, containers, images }: Snapshot): string {
  return `${pods.takenAt} ${containers.takenAt} ${images.takenAt}`;
}

function versionsOf({ pods, containers, images }: Snapshot): string {
  return `${pods.version} ${containers.version} ${images.version}`;
}
