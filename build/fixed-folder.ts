import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The age from which a folder is a leftover of a killed build, in ms; a build takes less than a minute. */
const LEFT_OVER = 300_000;

/** How long to wait before the next look at another build's folder, in ms. */
const PAUSE = 250;

/**
 * Runs `work` with a folder whose path depends on `content` alone, and removes it afterwards: an executable holds the path
 * that its script was read from, and must not differ from one checkout to another. Builds of the same content take turns.
 */
export function withFixedFolder<Result>(content: Buffer, work: (folder: string) => Result): Result {
  const folder = join('/tmp', `criproxy-build-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`);
  while (!claim(folder)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the folder; false while another build has it. */
function claim(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'EEXIST') throw fault;
  }
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.uid !== process.getuid?.() || (found.mode & 0o777) !== 0o700) {
    throw new Error(`${folder} belongs to another user: remove it, or build as its owner`);
  }
  if (Date.now() - found.mtimeMs > LEFT_OVER) rmSync(folder, { recursive: true, force: true });
  return false;
}
