import { steadyNow } from '../../base/steady-clock.ts';
import type { ListName } from '../../cri/read/filter.ts';
import type { Owner } from '../../cri/state/state-message.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Snapshot } from './snapshot.ts';
import { changedState, type Notes, notesOf, wholeState } from './snapshot-file.ts';

/** How much older a list's time on the disk may be than its true time, in ms. */
const TIMES = 60_000;

/** The least size of the changes, in bytes, at which the whole state is written again. */
const CHANGES = 64 * 1024;

const lists: readonly ListName[] = ['ListPodSandbox', 'ListContainers', 'ListImages'];

/** A write to be made, and the function to be called when it is done. */
export interface Entry {
  readonly kind: 'state' | 'change';
  readonly content: Buffer;
}

/** The written and unwritten knowledge of one runtime. Once the changes are as long as the state, the state is written again. */
export class Filing {
  /** The runtime's mark on the disk. */
  mark: Owner | undefined;
  private isWhole = false;
  private owner: Owner | undefined;
  private notes: Notes = new Map();
  private times = '';
  private timesAt = 0;
  private stateSize = 0;
  private changesSize = 0;

  /** The next write; undefined if all is written. The result counts as written until `fail` is called. */
  next(snapshot: Snapshot, { id, path }: Runtime, bootId: string): Entry | undefined {
    const notes = notesOf(snapshot);
    const times = lists.map(list => snapshot.of(list).takenAt).join(' ');
    const isOther = this.owner?.id !== id || this.owner.path !== path;
    if (!this.isWhole || isOther || this.changesSize > Math.max(CHANGES, this.stateSize)) {
      for (const list of lists) snapshot.of(list).takeUnwritten();
      const content = wholeState(snapshot, notes, { id, path }, bootId);
      [this.isWhole, this.owner, this.stateSize, this.changesSize] = [true, { id, path }, content.length, 0];
      this.note(notes, times);
      return { kind: 'state', content };
    }
    const isOld = times !== this.times && steadyNow() - this.timesAt >= TIMES;
    const isSame = lists.every(list => snapshot.of(list).isWritten) && sameNotes(notes, this.notes);
    if (isSame && !isOld) return undefined;
    const content = changedState(snapshot, list => snapshot.of(list).takeUnwritten(), notes, this.notes);
    this.changesSize += content.length;
    this.note(notes, times);
    return { kind: 'change', content };
  }

  /** The last result of `next` could not be written. */
  fail(): void {
    this.isWhole = false;
  }

  private note(notes: Notes, times: string): void {
    [this.notes, this.times, this.timesAt] = [notes, times, steadyNow()];
  }
}

function sameNotes(one: Notes, other: Notes): boolean {
  if (one.size !== other.size) return false;
  for (const [key, value] of one) if (other.get(key) !== value) return false;
  return true;
}
