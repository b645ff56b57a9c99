import type { Snapshot } from '../../src/routing/state/snapshot.ts';
import { loadState, notesOf, wholeState } from '../../src/routing/state/snapshot-file.ts';

/** The bytes of a snapshot, as of a primary at /run/x.sock. */
export function encodeSnapshot(snapshot: Snapshot, bootId: string): Buffer {
  return wholeState(snapshot, notesOf(snapshot), { id: '', path: '/run/x.sock' }, bootId);
}

/** Reads these bytes into another snapshot. */
export function decodeSnapshot(content: Buffer, bootId: string, snapshot: Snapshot): void {
  loadState([content], bootId, snapshot);
}
