import { realpathSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';

/** Whether two paths are of one socket: /var/run is a link to /run on most nodes. */
export function isSameSocket(one: string, other: string): boolean {
  return one === other || realPath(one) === realPath(other);
}

/** The socket itself need not be there. */
function realPath(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return normalize(path);
  }
}
