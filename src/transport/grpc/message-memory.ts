import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A message of this size counts; smaller ones leave no more garbage than other objects do. */
const large = 64 * 1024;

/** After so many bytes of large messages the young generation is collected. */
const period = 4 * 1024 * 1024;

let sinceCollection = 0;
let scheduled = false;
let collect: ((options: { type: 'minor' }) => void) | undefined;

/** Memory for a message; see countMessage. */
export function allocateMessage(size: number): Buffer {
  countMessage(size);
  return Buffer.allocUnsafeSlow(size);
}

/**
 * Counts a message that has been made and will soon be garbage. V8 lets 64 MB of dead buffers pile up before it looks at them,
 * however small the heap is, so long lists would triple the resident memory. A collection of the young generation takes
 * 0.3 ms and frees them, since most messages are dead by then; V8 has no setting for it that a running program can change.
 */
export function countMessage(size: number): void {
  if (size < large) return;
  sinceCollection += size;
  if (sinceCollection < period || scheduled) return;
  scheduled = true;
  setImmediate(collectYoung);
}

function collectYoung(): void {
  scheduled = false;
  sinceCollection = 0;
  collect ??= exposeCollector();
  collect({ type: 'minor' });
}

function exposeCollector(): (options: { type: 'minor' }) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}
