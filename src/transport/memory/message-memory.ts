import { collectGarbage } from './collector.ts';

/** A message of this size counts. Smaller messages leave no more garbage than other objects do. */
const large = 64 * 1024;

/**
 * The young generation is collected after this many bytes of large messages. With four times as many a long list costs a third
 * more, since memory that is used again is in the processor's cache.
 */
const period = 1024 * 1024;

let sinceCollection = 0;
let lastReply: WeakRef<Buffer> | undefined;
let scheduled = false;

/** Allocates memory for a message, and counts it. */
export function allocateMessage(size: number): Buffer {
  count(size);
  return Buffer.allocUnsafeSlow(size);
}

/** Counts a reply, unless it is the same as the previous one: most lists are. */
export function countReply(message: Buffer): void {
  if (message.length < large || lastReply?.deref() === message) return;
  lastReply = new WeakRef(message);
  count(message.length);
}

/**
 * Counts memory that will soon be garbage. V8 lets 64 MB of dead buffers pile up, even if the heap is small, so long lists would
 * triple the resident memory. A collection of the young generation frees them, since most messages are dead by then. V8 has no
 * setting for this that a running program can change.
 */
function count(size: number): void {
  if (size < large) return;
  sinceCollection += size;
  if (sinceCollection < period || scheduled) return;
  scheduled = true;
  setImmediate(collectYoung);
}

function collectYoung(): void {
  scheduled = false;
  sinceCollection = 0;
  collectGarbage({ type: 'minor' });
}
