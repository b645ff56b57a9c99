import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A file of a package: its path below the root, and its content. */
export interface StagedFile {
  readonly path: string;
  readonly content: string | Buffer;
  readonly mode?: number;
}

/** gzip as `gzip -9n` does it: no name, no time (Debian policy 12.1, 12.3). */
export function compressText(text: string): Buffer {
  return gzipSync(text, { level: 9 });
}

/** Writes files below `root`, mode 0644 unless they say otherwise. */
export function stageFiles(root: string, files: readonly StagedFile[]): void {
  for (const { path, content, mode } of files) {
    const to = join(root, path);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, content);
    chmodSync(to, mode ?? 0o644);
  }
}

/** Copies a file, so that the tree owns it, with a mode. */
export function stageCopy(root: string, path: string, from: string, mode: number): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  copyFileSync(from, join(root, path));
  chmodSync(join(root, path), mode);
}

/** Every file and folder below `root`, relative to it, sorted by name; a folder comes before its content. */
export function listTree(root: string, folder = root): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap(name => {
      const path = join(folder, name);
      return [relative(root, path), ...(lstatSync(path).isDirectory() ? listTree(root, path) : [])];
    });
}

/** Gives every file and folder one time, and folders mode 0755, whatever the umask was. */
export function normalizeTree(root: string, epoch: number): void {
  for (const path of ['.', ...listTree(root)].reverse()) {
    const at = join(root, path);
    if (lstatSync(at).isDirectory()) chmodSync(at, 0o755);
    if (!lstatSync(at).isSymbolicLink()) utimesSync(at, epoch, epoch);
  }
}

/** Lines of a text file. */
export function readText(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}
