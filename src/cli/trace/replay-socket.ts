import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { knownRuntimes } from '../../setup/primary.ts';

/** Sockets behind which a node works, so that tests have no business there. */
const inUse = ['/run/criproxy.sock', ...Object.values(knownRuntimes).map(({ socket }) => socket)];

/** Whether a socket is one behind which a node works, by whatever path. */
export function isInUse(socket: string, known: readonly string[] = inUse): boolean {
  return known.some(each => real(each) === real(socket) || isSame(each, socket));
}

/** With links in it followed, as far as it is there: /var/run is /run. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path).replace(/^\/var\/run\//, '/run/');
  }
}

/** A bind mount or a hard link is another path of the same socket. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map(path => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
