import type { Architecture } from './architecture.ts';
import type { Linking } from './elf.ts';

/**
 * The Node.js that an executable is made of, and how the program is in it. `classic`: pkg's own Node.js, whose bootstrap reads the
 * program behind itself. `sea`: Node's single executable application.
 */
export interface Base extends Linking {
  readonly node: string;
  readonly architecture: Architecture;
  readonly mode: 'sea' | 'classic';
}

/** The text that `criproxy -version` prints after the version of Node.js: `dynamic, glibc, amd64, sea`. */
export function describeBase({ linking, libc, architecture, mode }: Base): string {
  return [linking, libc, architecture, mode].join(', ');
}
