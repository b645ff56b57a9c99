import { isUtf8 } from 'node:buffer';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { copyOver, holdsSame, linkOver, makeFolder } from './copies.ts';
import { failed, strange } from './setup-error.ts';
import type { Tree } from './tree.ts';

/** A tree that can be changed. */
export interface Files extends Tree {
  /** Replaces a file at once or not at all; its owner and mode stay, a new one gets 0644. Throws a SetupError. */
  write(path: string, text: string): void;
  /** Keeps a file as it is now beside itself, to put it back, or to forget about it. Putting it back takes no space, but for one that is mounted there. */
  keep(path: string): Kept;
  /** Replaces a file at once or not at all by a copy of another. Throws a SetupError. */
  copy(from: string, to: string, mode: number): void;
  /** Whether two files are there and hold the same bytes. Throws a SetupError. */
  isCopy(from: string, to: string): boolean;
  /** Makes a symbolic link in the place of whatever is there. Throws a SetupError. */
  link(target: string, path: string): void;
  /** The target of a symbolic link; undefined for anything else. */
  readLink(path: string): string | undefined;
  /** Removes a folder with all that is in it; one that a file system is mounted on stays, empty. Throws a SetupError. */
  removeFolder(path: string): void;
  /** Removes a file, and the folders that it leaves empty up to one of the system's own. Throws a SetupError. */
  remove(path: string): void;
}

export interface Kept {
  restore(): void;
  forget(): void;
}

function reason(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}

function isAbsent(fault: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((fault as NodeJS.ErrnoException).code ?? '');
}

/** A text that is not UTF-8 would be written back with other bytes. */
function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  throw new Error('it is not UTF-8');
}

function replaceFile(path: string, text: string): void {
  makeFolder(dirname(path));
  const target = existsSync(path) ? realpathSync(path) : path; // a link stays one
  const old = existsSync(target) ? statSync(target) : undefined;
  const part = `${target}.criproxy-new`;
  try {
    const file = openSync(part, 'w', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(part, old === undefined ? 0o644 : old.mode & 0o7777);
    if (old !== undefined) chownSync(part, old.uid, old.gid);
    replaceBy(part, target);
  } catch (fault) {
    rmSync(part, { force: true });
    throw fault;
  }
}

function hasCode(fault: unknown, code: string): boolean {
  return (fault as NodeJS.ErrnoException).code === code;
}

/** Puts `part` in the place of a file; the content alone where a file is mounted there (EBUSY), which no rename can replace. */
function replaceBy(part: string, target: string): void {
  try {
    renameSync(part, target);
  } catch (fault) {
    if (!hasCode(fault, 'EBUSY')) throw fault;
    copyFileSync(part, target);
    rmSync(part);
  }
}

function keepFile(path: string): Kept {
  if (!existsSync(path)) return { restore: () => removeFile(path), forget: () => {} };
  const target = realpathSync(path);
  const kept = `${target}.criproxy-old`;
  rmSync(kept, { force: true });
  try {
    linkSync(target, kept); // another name for the old file: writing replaces files, and does not change them
  } catch (fault) {
    if (!hasCode(fault, 'EXDEV')) throw fault;
    copyFileSync(target, kept); // a file is mounted there, and is written to in place
  }
  const restore = () => {
    replaceBy(kept, target);
    rmSync(kept, { force: true }); // rename(2) leaves both names where they still are of one file
  };
  return { restore, forget: () => removeFile(kept) };
}

function removeFile(path: string): void {
  rmSync(path, { force: true });
  if (existsSync(dirname(path))) removeEmptyFolders(dirname(path));
}

/**
 * Folders that nobody else misses when they are empty: those that were made for one drop-in, such as kubelet.service.d or
 * config.yaml.d, and those of an installation.
 */
const OWN_FOLDER =
  /\.(service|yaml)\.d$|\/etc\/criproxy$|\/opt\/criproxy(\/.*)?$|\/usr\/local\/share\/(man\/man8|bash-completion(\/completions)?)$/;

function removeEmptyFolders(folder: string): void {
  while (OWN_FOLDER.test(folder) && readdirSync(folder).length === 0) {
    try {
      rmdirSync(folder);
    } catch (fault) {
      if (hasCode(fault, 'EBUSY')) return; // something is mounted there
      throw fault;
    }
    folder = dirname(folder);
  }
}

/** Whether a folder is all that is left of itself: another file system is mounted there, on which rm's fault has no code. */
function isEmptyMount(folder: string): boolean {
  return statSync(folder).dev !== statSync(dirname(folder)).dev && readdirSync(folder).length === 0;
}

/** The files of a machine below `root` (`/` is the machine's own). */
export function openDisk(root: string): Files {
  const at = (path: string) => join(root, path);
  return {
    exists: path => lstatSync(at(path), { throwIfNoEntry: false }) !== undefined,
    read: path => {
      try {
        return decode(readFileSync(at(path)));
      } catch (fault) {
        if (isAbsent(fault)) return undefined;
        throw strange(path, `it cannot be read: ${reason(fault)}`, 'make it readable');
      }
    },
    list: folder => {
      try {
        return readdirSync(at(folder)).sort();
      } catch (fault) {
        if (isAbsent(fault)) return [];
        throw strange(folder, `it cannot be listed: ${reason(fault)}`, 'make it readable');
      }
    },
    write: (path, text) => {
      try {
        replaceFile(at(path), text);
      } catch (fault) {
        throw failed(path, `it cannot be written: ${reason(fault)}`, 'make room, or make it writable, and try again');
      }
    },
    copy: (from, to, mode) => {
      try {
        copyOver(at(from), at(to), mode);
      } catch (fault) {
        throw failed(
          to,
          `${from} cannot be copied there: ${reason(fault)}`,
          'make room, or make it writable, and try again',
        );
      }
    },
    isCopy: (from, to) => {
      try {
        return holdsSame(at(from), at(to));
      } catch (fault) {
        throw failed(to, `it cannot be compared with ${from}: ${reason(fault)}`, 'make both readable, and try again');
      }
    },
    link: (target, path) => {
      try {
        linkOver(target, at(path));
      } catch (fault) {
        throw failed(
          path,
          `no link to ${target} can be made: ${reason(fault)}`,
          'make its folder writable, and try again',
        );
      }
    },
    readLink: path => {
      const found = lstatSync(at(path), { throwIfNoEntry: false });
      return found?.isSymbolicLink() ? readlinkSync(at(path)) : undefined;
    },
    keep: path => {
      try {
        return keepFile(at(path));
      } catch (fault) {
        throw failed(
          path,
          `it cannot be kept beside itself: ${reason(fault)}`,
          'make its folder writable, and try again',
        );
      }
    },
    removeFolder: path => {
      try {
        rmSync(at(path), { recursive: true, force: true });
      } catch (fault) {
        if (isEmptyMount(at(path))) return;
        throw failed(path, `it cannot be removed: ${reason(fault)}`, 'make it writable, and try again');
      }
    },
    remove: path => {
      try {
        removeFile(at(path));
      } catch (fault) {
        throw failed(path, `it cannot be removed: ${reason(fault)}`, 'make it writable, and try again');
      }
    },
  };
}
