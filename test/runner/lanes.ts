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

/** Files that start real containerd, or several. */
const isOfNodes = (file: string) => /^test\/(?:node|demo)\/|^test\/faults\/containerd/.test(file);

/**
 * What runs at the same time, in turn: fast files first, since they fail soonest. Slow ones wait most of the time: those of packages
 * for systemd, those of nodes for containerd, the others for faults to last, so that four files leave room on two cores.
 */
export function planLanes(part: Part, files: readonly string[]): (readonly Lane[])[] {
  const fast = part === 'slow' ? [] : files.filter(file => !isSlow(file));
  const slow = part === 'fast' ? [] : files.filter(isSlow);
  const others = slow.filter(file => !isOfPackages(file) && !isOfNodes(file));
  return [
    [{ jobs: 2, files: fast }],
    [
      { jobs: 2, files: slow.filter(isOfPackages) },
      { jobs: 1, files: slow.filter(isOfNodes) },
      { jobs: 1, files: others },
    ],
  ];
}
