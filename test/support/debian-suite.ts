import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMirror } from './debian-mirror.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The folder with the files of a package of another Debian suite. It is downloaded (5 s), checked by apt against Debian's keys,
 * unpacked and kept for the next run; nothing is installed. Throws with apt's message if the mirror does not have it.
 */
export function unpackFromSuite(suite: string, name: string): string {
  const root = join(tmpdir(), `criproxy-${name}-${suite}`);
  if (existsSync(root)) return root;
  const work = mkdtempSync(`${root}-`);
  try {
    const unpacked = join(work, 'root');
    run('dpkg-deb', ['--extract', download(suite, name, work), unpacked], work);
    if (!existsSync(root)) renameSync(unpacked, root); // otherwise another run was faster
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return root;
}

/** The file of the package, which apt downloads with a state of its own: the machine's sources and lists stay as they are. */
function download(suite: string, name: string, work: string): string {
  mkdirSync(join(work, 'lists/partial'), { recursive: true });
  mkdirSync(join(work, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keyring}] ${findMirror()} ${suite} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    'APT::Sandbox::User=root',
    // By default, an unreachable mirror is only a warning.
    'APT::Update::Error-Mode=any',
    'Acquire::Languages=none',
  ];
  const options = ['-qq', ...settings.flatMap(setting => ['-o', setting])];
  run('apt-get', [...options, 'update'], work);
  run('apt-get', [...options, 'download', `${name}/${suite}`], work);
  return globSync(join(work, `${name}_*.deb`))[0]!;
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new Error(`a package of another Debian suite: ${command} ${args.at(-1)} failed, with ${findMirror()}: ${why}`);
}
