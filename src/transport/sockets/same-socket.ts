import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The most links on the way to a socket: as many as the kernel follows. */
const LINKS = 40;

/** Whether two paths are of one socket: /var/run is a link to /run on most nodes, and a socket can have two names or mounts. */
export function isSameSocket(one: string, other: string): boolean {
  return one === other || realSocket(one) === realSocket(other) || isSameFile(one, other);
}

/** A bind mount or a hard link is another path of the same socket. */
function isSameFile(one: string, other: string): boolean {
  try {
    const [a, b] = [statSync(one), statSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}

/** The path without links. The socket and its folder may be missing. */
export function realSocket(path: string): string {
  return follow(resolve(path), LINKS);
}

function follow(path: string, links: number): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    if (folder === path) return path;
    const place = join(follow(folder, links), basename(path));
    const target = links > 0 ? linkAt(place) : undefined;
    return target === undefined ? place : follow(resolve(dirname(place), target), links - 1);
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
