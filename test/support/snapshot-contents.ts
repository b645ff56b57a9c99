import type { Snapshot } from '../../src/routing/state/snapshot.ts';
import { loadState, notesOf, wholeState } from '../../src/routing/state/snapshot-file.ts';

/** What is written of a snapshot, as of a primary at /run/x.sock. */
export function encodeSnapshot(snapshot: Snapshot, bootId: string): Buffer {
  return wholeState(snapshot, notesOf(snapshot), { id: '', path: '/run/x.sock' }, bootId);
}

/** Reads that into another one. */
export function decodeSnapshot(content: Buffer, bootId: string, snapshot: Snapshot): void {
  loadState([content], bootId, snapshot);
}
