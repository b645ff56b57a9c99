import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'tap';
import type * as Completion from '../../build/completion.ts';
import type * as Man from '../../build/man.ts';
import type * as Tables from '../../build/option-tables.ts';
import type * as Commands from '../../src/cli/commands/commands.ts';
import type * as ConfigCommand from '../../src/cli/commands/config-command.ts';
import type * as Flags from '../../src/cli/grammar/flags.ts';
import type * as Help from '../../src/cli/help/help.ts';
import type * as CheckConfig from '../../src/config/check-config.ts';
import type * as Config from '../../src/config/config.ts';
import type * as Changes from '../../src/config/config-changes.ts';
import type * as DaemonFlags from '../../src/config/daemon-flags.ts';
import type * as Load from '../../src/config/load-options.ts';
import { root } from '../docs/markdown.ts';

/** The new rows: one with a flag, one for a restart, and lists of mappings with a check of their own. */
const rows = `
  option({
    key: 'patience',
    scope: 'daemon',
    flag: { name: 'patience' },
    type: optional(duration, 'for ever'),
    default: '2s',
    reload: 'live',
    help: 'how long the new option waits',
  }),
  option({
    key: 'manners',
    scope: 'daemon',
    flag: { name: 'manners' },
    type: oneOf('good', 'bad'),
    default: 'good',
    reload: 'restart',
    help: 'how the new option behaves',
  }),
  option({
    key: 'seating',
    scope: 'daemon',
    type: list(mapping({ namespaces: entries, labels: texts, runtime: runtimeId }, ['runtime'])),
    default: [],
    check: (rules, { runtimes }) => {
      const at = rules.findIndex(({ runtime }) => !runtimes.some(({ id }) => id === runtime));
      return at < 0 ? undefined : new Fault('is not configured; use the id of a runtime', [at, 'runtime']);
    },
    reload: 'live',
    help: 'where pods go that name no runtime',
  }),
  option({
    key: 'resting',
    scope: 'runtime',
    type: yesOrNo,
    default: false,
    reload: 'live',
    help: 'whether the runtime takes no new pods',
  }),
`;

/** The sources with the rows in the table, and nothing else changed. */
const copy = mkdtempSync(join(tmpdir(), 'criproxy-new-option-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const name of ['src', 'build', 'docs', 'README.md', 'package.json']) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
const table = join(copy, 'src/config/options.ts');
writeFileSync(
  table,
  readFileSync(table, 'utf8')
    .replace(/^\] as const;$/m, `${rows}] as const;`)
    .replace('import { optional, yesOrNo }', 'import { Fault, list, mapping, optional, yesOrNo }'),
);

async function load<Module>(path: string): Promise<Module> {
  return (await import(pathToFileURL(join(copy, path)).href)) as Module;
}

const { givenFlags } = await load<typeof Flags>('src/cli/grammar/flags.ts');
const { daemonFlags } = await load<typeof DaemonFlags>('src/config/daemon-flags.ts');
const { loadOptions } = await load<typeof Load>('src/config/load-options.ts');
const { configOf } = await load<typeof Config>('src/config/config.ts');
const { showFlags } = await load<typeof ConfigCommand>('src/cli/commands/config-command.ts');
const { checkConfig } = await load<typeof CheckConfig>('src/config/check-config.ts');
const file = join(copy, 'config.yaml');

/** The daemon's configuration with this file and these flags, the new options included. */
async function read(text: string, ...flags: string[]) {
  writeFileSync(file, text);
  return configOf(await loadOptions(givenFlags(daemonFlags, ['-config', file, ...flags])));
}

/** The message of `criproxy config check` about the file, without the file's name. */
async function check(text: string): Promise<string> {
  writeFileSync(file, text);
  const said = await checkConfig(file).catch((error: Error) => error.message);
  return said.replaceAll(file, 'FILE');
}

const whole = `patience: 5s
manners: bad
seating:
  - namespaces: [ci-*]
    labels: {tier: batch}
    runtime: b
  - runtime: b
runtimes:
  - socket: /a
    resting: true
  - {id: b, socket: /b}
`;

test('the consumer has the default, the value of the file, or that of the flag', async t => {
  t.match(await read(''), { patience: 2_000, manners: 'good', seating: [] });
  t.match(await read(whole), {
    patience: 5_000,
    manners: 'bad',
    seating: [{ namespaces: ['ci-*'], labels: { tier: 'batch' }, runtime: 'b' }, { runtime: 'b' }],
    runtimes: [{ resting: true }, { resting: false }],
  });
  t.match(await read(whole, '-patience', '7s', '-manners', 'good'), { patience: 7_000, manners: 'good' });
  const { overruled } = await loadOptions(givenFlags(daemonFlags, ['-config', file, '-manners', 'good']));
  t.strictSame(overruled, ['manners']);
});

test('a wrong flag names itself', async t => {
  await t.rejects(read('', '-patience', 'long'), { message: /^flag -patience: "long" is not a duration; / });
  await t.rejects(read('', '-manners', 'no'), { message: /^flag -manners: "no" is not one of good, bad$/ });
  t.throws(() => givenFlags(daemonFlags, ['-maners', 'bad']), { message: /did you mean -manners\?$/ });
});

test('config check has its faults', async t => {
  t.equal(await check(whole), 'FILE: ok, 2 runtimes\n');
  t.strictSame(
    (await check('patience: long\nmanners: no\nseating:\n- {namespace: x, runtime: b}\n- {labels: [a]}')).split('\n'),
    [
      'FILE:1: patience: "long" is not a duration; write it as 500ms, 1s, 2m or 1h30m',
      'FILE:2: manners: "no" is not one of good, bad',
      'FILE:4: seating[0].namespace: "x" there is no such key; use one of namespaces, labels, runtime',
      'FILE:5: seating[1].labels: is not a mapping, as key: value',
      'FILE:5: seating[1].runtime: is missing',
    ],
  );
  t.equal(
    await check('seating:\n- runtime: b\n- runtime: c\nruntimes: [{socket: /a}, {id: b, socket: /b}]'),
    'FILE:3: seating[1].runtime: "c" is not configured; use the id of a runtime',
  );
  t.match(await check('nokey: 1'), /use one of .*, patience, manners, seating, runtimes$/);
  t.match(await check('runtimes: [{socket: /a, nokey: 1}]'), /use one of .*, resting$/);
});

test('config show has its value and source, as a file that says the same', async t => {
  const config = await read(whole);
  const shown = await showFlags(['-config', file, '-patience', '7s']);
  const lines = [
    'patience: 7s # flag -patience',
    `manners: bad # ${file}:2`,
    `      - ci-* # ${file}:4`,
    `      tier: batch # ${file}:5`,
    `    runtime: b # ${file}:6`,
    `    resting: true # ${file}:10`,
    '    resting: false # default',
  ];
  for (const line of lines) t.ok(shown.split('\n').includes(line), `${line} in\n${shown}`);
  t.match(await read(shown), { ...config, patience: 7_000 });
});

test('a reload changes it, or says that it waits for a restart', async t => {
  const { compareConfigs } = await load<typeof Changes>('src/config/config-changes.ts');
  const [before, after] = [await read(whole.replace('patience: 5s', 'patience: ""')), await read(whole)];
  t.strictSame(compareConfigs(before, after).changes, ['patience: for ever, now 5000 ms']);
  const other = await read('seating: [{runtime: b, namespaces: [x]}]\nruntimes: [{socket: /a}, {id: b, socket: /b}]');
  const { changes, needsRestart, effective } = compareConfigs(after, other);
  t.strictSame(changes, [
    'the primary runtime: resting: true, now false',
    'patience: 5000 ms, now 2000 ms',
    'seating: namespaces ci-* labels tier=batch runtime b, runtime b, now namespaces x runtime b',
  ]);
  t.strictSame(needsRestart, ['manners: bad until systemctl restart criproxy, then good']);
  t.match(effective, { patience: 2_000, manners: 'bad' });
});

test('-help, the man page, the completion and the help of reload have it', async t => {
  const { commandHelp, helpText } = await load<typeof Help>('src/cli/help/help.ts');
  t.match(helpText(), '  -patience DURATION\n        how long the new option waits (default 2s)\n');
  const { renderMan } = await load<typeof Man>('build/man.ts');
  t.match(renderMan(), '.BI "\\-manners " "good|bad"\nhow the new option behaves (default good)\n');
  const { renderCompletion } = await load<typeof Completion>('build/completion.ts');
  t.match(renderCompletion(), "' -manners' | ' --manners') words='good bad' ;;");
  const { commands } = await load<typeof Commands>('src/cli/commands/commands.ts');
  const help = commandHelp(commands.find(({ name }) => name === 'reload')!).replace(/\s+/g, ' ');
  t.match(help, /, patience and seating change at once/);
  t.match(help, /and manners wait for a restart/);
});

test('the tables of README.md and docs/configuration.md get it', async t => {
  const { renderPages } = await load<typeof Tables>('build/option-tables.ts');
  const pages = renderPages();
  t.match(pages.get('README.md'), '| `-patience` | `DURATION` | `2s` | how long the new option waits |\n');
  const keys = pages.get('docs/configuration.md')!;
  t.match(keys, '| `manners` | `-manners` | `good`, `bad` | `good` | restart | how the new option behaves |\n');
  t.match(keys, '| `resting` | | `true`, `false` | whether the runtime takes no new pods |\n');
});
