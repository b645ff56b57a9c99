import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants;

const FRESH = O_WRONLY | O_CREAT | O_EXCL;

/**
 * Puts `bytes` in place of what the file had, so that whenever power fails there is the old or the new. Resolves with the new file, open
 * for appending; `isSynced`: what is appended is on the disk when its write has resolved. Rejects with the system's error, the old file
 * untouched.
 */
export async function replaceFile(path: string, bytes: Buffer, isSynced = false): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const draft = `${path}.new`;
  let file: FileHandle | undefined;
  try {
    // What a killed process has left, or somebody has put there: it is not written into.
    await rm(draft, { force: true });
    file = await open(draft, isSynced ? FRESH | O_DSYNC : FRESH, 0o600);
    await file.writeFile(bytes);
    await file.sync();
    await rename(draft, path);
  } catch (fault) {
    await file?.close().catch(() => {});
    await rm(draft, { force: true }).catch(() => {});
    throw fault;
  }
  await syncFolder(dirname(path));
  return file;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
