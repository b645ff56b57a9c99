import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants;

const FRESH = O_WRONLY | O_CREAT | O_EXCL;

/**
 * Replaces the content of the file with `bytes`. After a power failure at any time the file has the old or the new content. Resolves
 * with the new file, open for appending; `isSynced`: appended bytes are on the disk when their write has resolved. Rejects with the
 * system's error, and the old file is untouched then.
 */
export async function replaceFile(path: string, bytes: Buffer, isSynced = false): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const draft = `${path}.new`;
  let file: FileHandle | undefined;
  try {
    // A leftover of a killed process, or a foreign file: it must not be written into.
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
