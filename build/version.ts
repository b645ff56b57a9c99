import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The source of a build. `epoch` is SOURCE_DATE_EPOCH in seconds: the time that every file in a package gets. */
export interface Version {
  readonly version: string;
  readonly commit: string;
  readonly epoch: number;
}

function git(root: string, ...args: string[]): string | undefined {
  try {
    return execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined; // a source archive has no history
  }
}

/** `SOURCE_DATE_EPOCH` if it is set (reproducible-builds.org), else the last commit's time; throws if there is neither. */
export function readVersion(root: string): Version {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const stamp = process.env['SOURCE_DATE_EPOCH'] ?? git(root, 'log', '-1', '--format=%ct');
  const epoch = Number(stamp);
  if (stamp === undefined || stamp === '' || !Number.isSafeInteger(epoch))
    throw new Error(`No time to give to the files: ${root} has no git history; set SOURCE_DATE_EPOCH to seconds`);
  return { version, commit: git(root, 'rev-parse', '--short=12', 'HEAD') ?? 'unknown', epoch };
}
