import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROGRAM = '/usr/bin/criproxy';
const UNIT = '/usr/lib/systemd/system/criproxy.service';

/** Another name for a file, or, where there can be none (another file system, or one without links), a copy. */
function keepAs(path: string, other: string): void {
  rmSync(other, { force: true });
  try {
    linkSync(path, other);
  } catch {
    copyFileSync(path, other);
  }
}

/** Puts a file in the place of another, at once or not at all, from another file system too. */
function moveOver(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'EXDEV') throw fault;
    const part = `${to}.criproxy-new`;
    copyFileSync(from, part); // with the mode, as cp does
    renameSync(part, to);
    rmSync(from);
  }
}

/**
 * Puts a program in the place of the installed one, which is kept beside it as criproxy.failed, and its unit, which is
 * criproxy.service.previous beside it, in the place of that one's; false if there is no such program.
 */
export function restoreProgram(from: string): boolean {
  if (!existsSync(from)) return false;
  const folder = dirname(from);
  keepAs(PROGRAM, join(folder, 'criproxy.failed'));
  moveOver(from, PROGRAM);
  const unit = join(folder, 'criproxy.service.previous');
  if (!existsSync(unit)) return true;
  copyFileSync(UNIT, join(folder, 'criproxy.service.failed'));
  copyFileSync(unit, UNIT);
  rmSync(unit);
  return true;
}
