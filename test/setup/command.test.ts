import { test } from 'tap';
import { expandCommand, findFlag } from '../../src/setup/command.ts';
import { SetupError } from '../../src/setup/error.ts';
import type { Unit } from '../../src/setup/unit.ts';

const origin = { file: 'x', syntax: 'unit', key: 'ExecStart' } as const;

function unitOf(line: string, variables: Readonly<Record<string, string>> = {}): Unit {
  const environment = new Map(Object.entries(variables).map(([name, value]) => [name, { value, origin }]));
  return { name: 'x', files: ['x'], execStart: { line, origin }, environment, folder: '/', environmentLines: [] };
}

/** systemd.service(5), Command lines. */
const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['/bin/x a  b', ['/bin/x', 'a', 'b']],
  ['-/bin/x', ['/bin/x']],
  ['!!/bin/x', ['/bin/x']],
  ['@/bin/x name a', ['/bin/x', 'a']],
  ['/bin/x "a b" c\'d e\'', ['/bin/x', 'a b', 'cd e']],
  ['/bin/x $X', ['/bin/x', 'a', 'b c']],
  ['/bin/x $' + '{X}', ['/bin/x', "a 'b c'"]],
  ['/bin/x --p=$' + '{Y}/z', ['/bin/x', '--p=y/z']],
  ['/bin/x $NONE z', ['/bin/x', 'z']],
  ['/bin/x $$X 100%%', ['/bin/x', '$X', '100%']],
  ['/bin/x a\\x20b a\\\\b', ['/bin/x', 'a\\x20b', 'a\\b']],
];

for (const [line, words] of lines) {
  test(`ExecStart=${line}`, async t => {
    const args = expandCommand(unitOf(line, { X: "a 'b c'", Y: 'y' }));
    t.same(
      args.map(({ text }) => text),
      words,
    );
  });
}

for (const line of ['/bin/x "a', '/bin/x %i', '/bin/x --name=%H']) {
  test(`not understood: ExecStart=${line}`, async t => {
    t.throws(() => expandCommand(unitOf(line)), SetupError);
  });
}

const flags: readonly (readonly [line: string, value: string | undefined])[] = [
  ['--e=1', '1'],
  ['-e=1', '1'],
  ['--e 1', '1'],
  ['--e=1 --e=2', '2'],
  ['--e=1 --e 2', '2'],
  ['--e=', ''],
  ['--ee=1', undefined],
  ['--v --e', undefined],
];

for (const [line, value] of flags) {
  test(`findFlag(e) in ${line}`, async t => {
    t.equal(findFlag(expandCommand(unitOf(`/bin/x ${line}`)), 'e')?.value, value);
  });
}
