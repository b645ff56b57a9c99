import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { renderCompletion } from '../../build/completion.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { daemonFlags } from '../../src/config/daemon-flags.ts';

const script = renderCompletion();
const flags = daemonFlags.filter(row => row.ignored !== true && row.name !== 'h').map(row => `-${row.name}`);

/** The completions that bash offers for the last of these words; they are split as COMP_WORDBREAKS has it. */
function complete(words: readonly string[], cwd = '/'): string[] {
  const program = `
eval "$(cat)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_criproxy
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', program, '-', ...words], {
    encoding: 'utf8',
    input: script,
    cwd,
  });
  if (stderr !== '') throw new Error(stderr);
  return stdout.split('\n').filter(Boolean).sort();
}

function optionsOf(name: string): string[] {
  const row = commands.find(each => each.name === name)!;
  return [...row.options.map(option => `--${option.name}`), '--help'].sort();
}

test('bash takes the script', async t => {
  const { stderr, status } = spawnSync('bash', ['-n'], { encoding: 'utf8', input: script });
  t.strictSame([status, stderr], [0, '']);
});

const firsts = [...new Set(commands.map(({ name }) => name.split(' ')[0]!)), 'help'].sort();

const rows: ReadonlyArray<readonly [words: readonly string[], offered: readonly string[]]> = [
  [['criproxy', ''], firsts],
  [['criproxy', 'st'], ['status']],
  [['criproxy', '-'], [...flags].sort()],
  [
    ['criproxy', '-stream'],
    ['-streamPort', '-streamUrl'],
  ],
  [
    ['criproxy', '-v', ''],
    ['0', '1', '2', '3', '4', '5'],
  ],
  [['criproxy', '-v', '3', '-logF'], ['-logFormat']],
  [
    ['criproxy', '-logFormat', ''],
    ['glog', 'journal', 'json'],
  ],
  [
    ['criproxy', '--logFormat', '=', 'j'],
    ['journal', 'json'],
  ],
  [
    ['criproxy', '-logFormat', '='],
    ['glog', 'journal', 'json'],
  ],
  [['criproxy', '-streamPort', ''], []],
  [
    ['criproxy', 'setup', ''],
    ['apply', 'install', 'revert', 'status', 'uninstall'],
  ],
  [['criproxy', 'config', 's'], ['show']],
  [
    ['criproxy', 'setup', 'apply', '--primary', 'c'],
    ['containerd', 'cri-dockerd', 'cri-o'],
  ],
  [
    ['criproxy', 'config', 'show', '-ids', ''],
    ['prefixed', 'raw'],
  ],
  [['criproxy', 'config', 'show', '-logF'], ['-logFormat']],
  [
    ['criproxy', 'log-level', ''],
    ['0', '1', '2', '3', '4', '5'],
  ],
  [['criproxy', 'nonsense', 'x', '-logF'], ['-logFormat']],
  ...commands
    .filter(row => row.takesFlags !== true)
    .map(({ name }) => [['criproxy', ...name.split(' '), '--'], optionsOf(name)] as const),
];

for (const [words, offered] of rows) {
  test(`${words.map(word => word || "''").join(' ')} <Tab>`, async t => {
    t.strictSame(complete(words), offered);
  });
}

test('files are offered where a file, a folder or a socket is meant', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-completion-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const name of ['one.yaml', 'two.sock']) writeFileSync(join(folder, name), '');
  for (const words of [
    ['-config', ''],
    ['-connect', ''],
    ['-connect', '/a,id', ':', ''],
    ['config', 'check', ''],
    ['setup', 'status', '--root', ''],
    ['setup', 'status', '-root', ''],
    ['status', '--admin-socket', '=', ''],
    ['replay', ''],
  ]) {
    t.strictSame(complete(['criproxy', ...words], folder), ['one.yaml', 'two.sock'], words.join(' '));
  }
});
