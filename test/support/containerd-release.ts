import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMirror } from './debian-mirror.ts';

/** `1.6` is Debian 12's, as installed; the others come from another suite. sid's is the oldest 2.x that it still has. */
export type ContainerdRelease = '1.6' | '1.7' | '2.1';

const suites = { '1.7': 'trixie', '2.1': 'sid' } as const satisfies Partial<Record<ContainerdRelease, string>>;
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The folder with containerd, ctr and the shims of a release. Another suite's are downloaded (5 s), checked by apt against
 * Debian's keys, unpacked and kept for the next run; nothing is installed. Throws with apt's words when the mirror does not give
 * them.
 */
export function containerdFolder(release: ContainerdRelease): string {
  if (release === '1.6') return '/usr/bin';
  const root = join(tmpdir(), `criproxy-containerd-${suites[release]}`);
  const folder = join(root, 'usr/bin');
  if (existsSync(folder)) return folder;
  const work = mkdtempSync(`${root}-`);
  try {
    const unpacked = join(work, 'root');
    run('dpkg-deb', ['--extract', download(suites[release], work), unpacked], work);
    if (!existsSync(root)) renameSync(unpacked, root); // else another run was faster
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** The file of the package, which apt downloads with a state of its own: the machine's sources and lists stay as they are. */
function download(suite: string, work: string): string {
  mkdirSync(join(work, 'lists/partial'), { recursive: true });
  mkdirSync(join(work, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keyring}] ${findMirror()} ${suite} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    'APT::Sandbox::User=root',
    // Else an unreachable mirror is a warning.
    'APT::Update::Error-Mode=any',
    'Acquire::Languages=none',
  ];
  const options = ['-qq', ...settings.flatMap(setting => ['-o', setting])];
  run('apt-get', [...options, 'update'], work);
  run('apt-get', [...options, 'download', `containerd/${suite}`], work);
  return globSync(join(work, 'containerd_*.deb'))[0]!;
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new Error(
    `containerd of another Debian release: ${command} ${args.at(-1)} failed, with ${findMirror()}: ${why}`,
  );
}
