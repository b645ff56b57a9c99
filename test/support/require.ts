import { missingPackages, type PackageGroup } from '../../build/debian-packages.ts';

/** How long a test may take, in ms: so long that a machine with a load of ten fails none. One that hangs ends then. */
export const TEST_LIMIT = 900_000;

/**
 * The options of a test that needs root and the packages of a group: it is skipped, with the reason, if they are missing.
 * With CI=true a skip would count as a pass, so this function throws then.
 */
export function needs(...what: readonly ('root' | PackageGroup)[]): { skip?: string; timeout: number } {
  const missing = what.flatMap(item => {
    if (item === 'root') return process.getuid?.() === 0 ? [] : ['root'];
    return missingPackages(item).map(name => `package ${name}`);
  });
  if (missing.length === 0) return { timeout: TEST_LIMIT };
  const reason = `needs ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  return { skip: reason, timeout: TEST_LIMIT };
}
