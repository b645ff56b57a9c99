import type { FileHandle } from 'node:fs/promises';
import { rm, stat } from 'node:fs/promises';
import { encodeRecord, type Journal, MAGIC, readJournal } from './journal.ts';
import { replaceFile } from './replace-file.ts';
import { DamagedError, readBytes } from './state-file.ts';

export interface Bad {
  readonly path: string;
  readonly reason: string;
  readonly isDamaged: boolean;
}

/** The interval of the checks that the files are still there, in ms. */
const CHECK = 1_000;

/** The content of a journal and its copy, as found on the disk. */
export interface Found {
  /** Undefined if neither file is complete. */
  readonly contents: readonly Buffer[] | undefined;
  /** Files that exist and cannot be used; `isDamaged` if they could be read. */
  readonly bad: readonly Bad[];
}

/**
 * A journal in two files with the same content: one is whole while the other is written, or damaged. A file begins with a whole
 * state, and changes of it follow.
 */
export class TwinJournal {
  private readonly paths: readonly [string, string];
  private readonly files: [FileHandle | undefined, FileHandle | undefined] = [undefined, undefined];
  private last = 0;
  private checkedAt = Number.NEGATIVE_INFINITY;
  /** The file that is better now: it is replaced after the other. */
  private better: 0 | 1 = 0;

  constructor(path: string, copy: string) {
    this.paths = [path, copy];
  }

  /** Never rejects. */
  async load(): Promise<Found> {
    const read = await Promise.all(this.paths.map(readOne));
    const bad = read.flatMap(each => (each !== undefined && 'reason' in each ? [each] : []));
    const [main, copy] = read.map(each => (each !== undefined && 'end' in each ? each : undefined)) as [
      Journal?,
      Journal?,
    ];
    // A record is written to the copy last.
    this.better =
      (copy?.last ?? -1) > (main?.last ?? -1) || (main?.end === 'damaged' && copy?.last === main.last) ? 1 : 0;
    const best = this.better === 1 ? copy : main;
    this.last = Math.max(main?.last ?? 0, copy?.last ?? 0);
    for (const [at, journal] of [main, copy].entries()) {
      if (journal?.end === 'damaged') bad.push(damaged(this.paths[at]!, 'one of its records is not what was written'));
    }
    return { contents: best === undefined || best.end === 'damaged' ? undefined : best.contents, bad };
  }

  /** Replaces both files with this state. Rejects when one could not be written; the old content is still there then. */
  async replace(state: Buffer): Promise<void> {
    const record = encodeRecord(++this.last, state);
    const bytes = Buffer.concat([MAGIC, record]);
    const first = this.better === 0 ? 1 : 0;
    await this.replaceOne(first, bytes);
    this.better = first;
    await this.replaceOne(first === 0 ? 1 : 0, bytes);
    this.better = 0;
  }

  /** Adds a change to both; the first is synced, since one that outlasts a power failure is enough. Rejects when that was not possible: then `replace` is all that may follow. */
  async append(change: Buffer): Promise<void> {
    const record = encodeRecord(++this.last, change);
    await this.checkPlace();
    for (const at of [0, 1] as const) {
      const file = this.files[at];
      if (file === undefined) throw new Error(`${this.paths[at]} is not open`);
      const { bytesWritten } = await file.write(record);
      if (bytesWritten < record.length) throw new Error(`ENOSPC: no space left on device, write '${this.paths[at]}'`);
    }
  }

  async remove(): Promise<void> {
    await this.close();
    for (const path of this.paths) await rm(path, { force: true });
  }

  async close(): Promise<void> {
    for (const at of [0, 1] as const) {
      await this.files[at]?.close().catch(() => {});
      this.files[at] = undefined;
    }
  }

  /** A file may have been removed or replaced from outside: records in it would be lost. */
  private async checkPlace(): Promise<void> {
    if (performance.now() - this.checkedAt < CHECK) return;
    for (const at of [0, 1] as const) {
      const [own, there] = await Promise.all([this.files[at]?.stat(), stat(this.paths[at]).catch(() => undefined)]);
      if (own === undefined || own.ino !== there?.ino || own.dev !== there.dev) {
        throw new Error(`${this.paths[at]} is not the file that was written`);
      }
    }
    this.checkedAt = performance.now();
  }

  private async replaceOne(at: 0 | 1, bytes: Buffer): Promise<void> {
    const file = await replaceFile(this.paths[at], bytes, at === 0);
    await this.files[at]?.close().catch(() => {});
    this.files[at] = file;
  }
}

/** The journal, why it cannot be used, or undefined where there is none. */
async function readOne(path: string): Promise<Journal | Bad | undefined> {
  try {
    const bytes = await readBytes(path);
    return bytes && (readJournal(bytes) ?? damaged(path, 'its beginning is not what was written'));
  } catch (fault) {
    return { path, reason: (fault as Error).message, isDamaged: fault instanceof DamagedError };
  }
}

function damaged(path: string, reason: string): Bad {
  return { path, reason, isDamaged: true };
}
