import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownPlaces, PREVIOUS_PROGRAM, PREVIOUS_UNIT, packagePlaces } from './places.ts';

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

/** Keeps the program of `criproxy setup install` and its unit, to go back to: the program last, which says that both are kept. */
export function keepProgram(): void {
  const { kept, unit, program } = ownPlaces;
  mkdirSync(kept, { recursive: true });
  if (existsSync(unit)) keepAs(unit, join(kept, PREVIOUS_UNIT));
  keepAs(program, join(kept, PREVIOUS_PROGRAM));
}

/**
 * Puts a program in the place of the installed one, which is kept beside it as criproxy.failed, and its unit, which is
 * criproxy.service.previous beside it, in the place of that one's; false if there is no such program.
 */
export function restoreProgram(from: string): boolean {
  if (!existsSync(from)) return false;
  const folder = dirname(from);
  const places = folder === ownPlaces.kept ? ownPlaces : packagePlaces;
  keepAs(places.program, join(folder, 'criproxy.failed'));
  moveOver(from, places.program);
  const unit = join(folder, PREVIOUS_UNIT);
  if (!existsSync(unit)) return true;
  copyFileSync(places.unit, join(folder, 'criproxy.service.failed'));
  copyFileSync(unit, places.unit);
  rmSync(unit);
  return true;
}
