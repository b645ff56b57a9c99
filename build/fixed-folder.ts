import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs `work` with a folder whose path depends on `content` alone, and removes it afterwards: an executable holds the path
 * that its script was read from, and must not differ from one checkout to another.
 */
export function withFixedFolder<Result>(content: Buffer, work: (folder: string) => Result): Result {
  const folder = join('/tmp', `criproxy-build-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`);
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o777) !== 0o700)
    throw new Error(`${folder} is somebody else's: remove it, or build as its owner`);
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
