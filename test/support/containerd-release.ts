import { join } from 'node:path';
import { unpackFromSuite } from './debian-suite.ts';

/** `1.6` is Debian 12's, as installed; the others come from another suite. sid's is the oldest 2.x that it still has. */
export type ContainerdRelease = '1.6' | '1.7' | '2.1';

const suites = { '1.7': 'trixie', '2.1': 'sid' } as const satisfies Partial<Record<ContainerdRelease, string>>;

/** The folder with containerd, ctr and the shims of a release. Throws with apt's message if the mirror does not have them. */
export function containerdFolder(release: ContainerdRelease): string {
  return release === '1.6' ? '/usr/bin' : join(unpackFromSuite(suites[release], 'containerd'), 'usr/bin');
}
