import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A program has some 100 MB: it is compared in pieces. */
const PIECE = 1 << 20;

/** Not mkdir's own recursion, which takes a read-only file system for an absent folder. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** Makes a file by `make`, beside its place, and puts it there at once. */
function putInPlace(path: string, make: (part: string) => void): void {
  makeFolder(dirname(path));
  const part = `${path}.criproxy-new`;
  rmSync(part, { force: true });
  try {
    make(part);
    renameSync(part, path);
  } catch (fault) {
    rmSync(part, { force: true });
    throw fault;
  }
}

/** Replaces a file at once or not at all by a copy of another, which is on the disk by then. */
export function copyOver(from: string, to: string, mode: number): void {
  putInPlace(to, part => {
    copyFileSync(from, part);
    chmodSync(part, mode);
    const file = openSync(part, 'r');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}

/** Puts a symbolic link in the place of whatever file is there. */
export function linkOver(target: string, path: string): void {
  putInPlace(path, part => symlinkSync(target, part));
}

/** Whether two files are there and hold the same bytes. */
export function holdsSame(one: string, other: string): boolean {
  const size = statSync(one, { throwIfNoEntry: false })?.size;
  if (size === undefined || size !== statSync(other, { throwIfNoEntry: false })?.size) return false;
  const files = [one, other].map(path => openSync(path, 'r'));
  const [left, right] = [Buffer.alloc(PIECE), Buffer.alloc(PIECE)];
  try {
    for (let at = 0; at < size; at += PIECE) {
      const length = Math.min(PIECE, size - at);
      readSync(files[0]!, left, 0, length, at);
      readSync(files[1]!, right, 0, length, at);
      if (left.compare(right, 0, length, 0, length) !== 0) return false;
    }
    return true;
  } finally {
    for (const file of files) closeSync(file);
  }
}
