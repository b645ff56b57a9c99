import { test } from 'tap';
import { expandCommand, findFlag } from '../../src/setup/command.ts';
import { SetupError } from '../../src/setup/setup-error.ts';
import type { Unit } from '../../src/setup/unit.ts';

const origin = { file: 'x', syntax: 'unit', key: 'ExecStart' } as const;

/** `%%` is the one specifier here. */
function unitOf(line: string, variables: Readonly<Record<string, string>> = {}): Unit {
  const environment = new Map(Object.entries(variables).map(([name, value]) => [name, { value, origin }]));
  const expand = (_: string, text: string) => text.replace(/%%/g, '%');
  const execStart = { line, origin };
  return {
    ...{ name: 'x', files: ['x'], execStart, environment, folder: '/', environmentLines: [] },
    expand,
    findProgram: name => name,
  };
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
  ['/bin/x a\\x20b a\\\\b', ['/bin/x', 'a b', 'a\\b']],
  [':/bin/x $X', ['/bin/x', '$X']],
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

test('not understood: a quote that is not closed', async t => {
  t.throws(() => expandCommand(unitOf('/bin/x "a')), SetupError);
});

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
