import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { replaceFile } from './replace-file.ts';

/**
 * The file: this line, the SHA-256 of the rest as 64 hex digits and a newline, then the rest. The number is the version of the
 * content.
 */
const MAGIC = 'criproxy-state 1\n';
const DIGEST = 65;

/** A state file that differs from the written one: cut short, changed, of another version, or of another program. */
export class DamagedError extends Error {}

/** The largest file that is read, in bytes: the snapshot of a node with thousands of containers has a few MB. */
const LARGEST = 256 * 1024 * 1024;

/**
 * The bytes of a file; undefined if there is none. Throws the system's error, and a DamagedError for anything but a regular file of
 * this user: a link, a FIFO or a device could mislead, block or flood a reader with root's rights.
 */
export async function readBytes(path: string): Promise<Buffer | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw new DamagedError('it is a symbolic link');
    // A socket cannot be opened.
    if (code === 'ENXIO') throw new DamagedError('it is no regular file');
    throw fault;
  }
  try {
    const found = await file.stat();
    // For a folder the system's own error says more.
    if (!found.isFile() && !found.isDirectory()) throw new DamagedError('it is no regular file');
    if (found.uid !== process.geteuid?.()) throw new DamagedError(`it belongs to user ${found.uid}`);
    if (found.size > LARGEST) throw new DamagedError(`it has ${found.size} bytes, more than ${LARGEST}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The content of the file; undefined if there is none. Throws a DamagedError, or the system's error. */
export async function readState(path: string): Promise<Buffer | undefined> {
  const bytes = await readBytes(path);
  if (bytes === undefined) return undefined;
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new DamagedError('it does not begin as a state file does');
  const content = bytes.subarray(MAGIC.length + DIGEST);
  if (bytes.toString('latin1', MAGIC.length, MAGIC.length + DIGEST) !== `${digest(content)}\n`) {
    throw new DamagedError('its checksum is wrong');
  }
  return content;
}

/**
 * Replaces the content of the file. After a power failure at any time the file has the old or the new content. Throws the system's
 * error, and the old file is untouched then.
 */
export async function writeState(path: string, content: Buffer): Promise<void> {
  const file = await replaceFile(path, Buffer.concat([Buffer.from(`${MAGIC}${digest(content)}\n`), content]));
  await file.close();
}

/** Renames a file that cannot be used, and gives its new name. It is kept for inspection. */
export async function setAside(path: string): Promise<string> {
  const name = `${path}.damaged-${new Date().toISOString().replace(/[:.]/g, '')}`;
  await rename(path, name);
  return name;
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
