/** Files that run beside each other, `jobs` at a time. */
export interface Lane {
  readonly jobs: number;
  readonly files: readonly string[];
}

export type Part = 'fast' | 'slow' | 'all';

const slowFolders = /^test\/(?:node|packages|faults|demo|conformance\/matrix)\//;

/** Fast files are units and short-lived processes; slow ones are named *.slow.test.ts or live in one of the folders above. */
export function isSlow(file: string): boolean {
  return file.endsWith('.slow.test.ts') || slowFolders.test(file);
}

const isOfPackages = (file: string) => file.startsWith('test/packages/');

/**
 * The lanes that run at the same time, in turn: fast files first, since they fail soonest. Files of packages wait for systemd most of
 * the time, so that two of them leave room for one of the other slow files on two cores.
 */
export function planLanes(part: Part, files: readonly string[]): (readonly Lane[])[] {
  const fast = part === 'slow' ? [] : files.filter(file => !isSlow(file));
  const slow = part === 'fast' ? [] : files.filter(isSlow);
  return [
    [{ jobs: 2, files: fast }],
    [
      { jobs: 2, files: slow.filter(isOfPackages) },
      { jobs: 1, files: slow.filter(file => !isOfPackages(file)) },
    ],
  ];
}
