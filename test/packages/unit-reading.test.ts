// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables are systemd’s
import { test } from 'tap';
import { expandCommand } from '../../src/setup/command.ts';
import { openDisk } from '../../src/setup/disk.ts';
import { overlayTree } from '../../src/setup/tree.ts';
import { loadUnit } from '../../src/setup/unit.ts';
import { makeNodeRoot } from '../support/node-root.ts';
import { bootNode } from '../support/node-sandbox.ts';
import { needs } from '../support/require.ts';

const ETC = '/etc/systemd/system';
const LIB = '/usr/lib/systemd/system';
const PROGRAM = '/usr/local/bin/show-arguments';

/** Writes its path and arguments to a file of its unit's name, each with a NUL behind it. */
const script = `#!/bin/sh
unit=$(/bin/sed -n 's,^0::.*/,,p' /proc/self/cgroup)
printf '%s\\0' "$0" "$@" > "/run/arguments/$unit"
`;

type Files = Readonly<Record<string, string>>;
type Row = readonly [name: string, files: (unit: string) => Files];

const service = (...lines: readonly string[]) => `[Service]\nType=oneshot\n${lines.join('\n')}\n`;

/** A unit in /etc with one command. */
const command =
  (line: string, ...more: readonly string[]): Row['1'] =>
  unit => ({
    [`${ETC}/${unit}`]: service(...more, `ExecStart=${PROGRAM} ${line}`),
  });

/** A unit with an environment file. */
const withFile =
  (text: string, line = '$A'): Row['1'] =>
  unit => ({
    [`${ETC}/${unit}`]: service(`EnvironmentFile=/etc/${unit}.env`, `ExecStart=${PROGRAM} ${line} end`),
    [`/etc/${unit}.env`]: text,
  });

const rows: readonly Row[] = [
  ['words', command('a  b "c d" \'e f\' g"h i"j \'\' end')],
  ['escapes', command('a\\sb a\\x20b "a\\tb" a\\\\b \'a\\x20b\' \\"q\\" \\101 end')],
  ['an escape that there is not', command('a\\qb "a\\$b" end')],
  ['dollars and percents', command('$$A 100%% $A end', 'Environment=A=1')],
  ['a variable as words', command('$A end', `Environment="A=b 'c d'  e"`)],
  ['a variable as one word', command('${A} x${A}y ${B}z end', `Environment="A=b 'c d'"`)],
  ['a variable inside a word', command('x$A ${A}$A end', 'Environment=A=1')],
  ['a variable that there is not', command('$NO ${NO} x${NO} end')],
  ['a quoted variable', command('"$A" "${A}" \'$A\' end', 'Environment="A=b c"')],
  ['several variables on a line', command('$A $B ${C} end', `Environment=A=1 "B=2 3" 'C=4 5'`)],
  ['the later Environment= wins', command('$A end', 'Environment=A=1', 'Environment=A=2')],
  ['an empty Environment= forgets', command('$A ${B} end', 'Environment=A=1 B=1', 'Environment=', 'Environment=B=2')],
  ['escapes in Environment=', command('$A end', 'Environment="A=x\\ty \\x7az"')],
  ['UnsetEnvironment=', command('$A $B end', 'Environment=A=1 B=2', 'UnsetEnvironment=A B=3')],
  ['a command over lines', command('a \\\n  # a comment \n; another\n b \\\n\n')],
  [
    'white space about the key',
    unit => ({ [`${ETC}/${unit}`]: `[Service]\nType=oneshot\n  ExecStart  =  ${PROGRAM} a  \n` }),
  ],
  [
    'other sections do not count',
    unit => ({ [`${ETC}/${unit}`]: service(`ExecStart=${PROGRAM} a`, '[Install]', 'ExecStart=/bin/b') }),
  ],
  ['specifiers', command('%n %N %p %i %t %S %C %L %E %H %m %v %u %U %h %T %V end')],
  ['specifiers in Environment=', command('$A ${B} end', 'Environment="A=%n-%H" B=%%x')],
  [
    'specifiers in the path of an environment file',
    unit => ({
      [`${ETC}/${unit}`]: service('EnvironmentFile=%E/%n.env', `ExecStart=${PROGRAM} $A end`),
      [`/etc/${unit}.env`]: 'A=%n',
    }),
  ],
  ['prefixes', unit => ({ [`${ETC}/${unit}`]: service(`ExecStart=-+${PROGRAM} a`) })],
  ['@, with a name of its own', unit => ({ [`${ETC}/${unit}`]: service(`ExecStart=@${PROGRAM} a b`) })],
  [
    ': takes dollars as they are',
    unit => ({ [`${ETC}/${unit}`]: service('Environment=A=1', `ExecStart=:${PROGRAM} $A \${A} end`) }),
  ],
  ['a program without a folder', unit => ({ [`${ETC}/${unit}`]: service('ExecStart=show-arguments a') })],
  [
    'ExecSearchPath=',
    unit => ({
      [`${ETC}/${unit}`]: service('ExecSearchPath=/nowhere:/opt/search', 'ExecStart=show-arguments a'),
      ['/opt/search/show-arguments']: script,
    }),
  ],
  [
    'drop-ins by name, the one in /etc before the one in /usr/lib',
    unit => ({
      [`${LIB}/${unit}`]: service(`ExecStart=${PROGRAM} $A $B $C end`, 'Environment=A=unit B=unit'),
      [`${LIB}/${unit}.d/10-x.conf`]: service('Environment=A=lib C=lib'),
      [`${ETC}/${unit}.d/10-x.conf`]: service('Environment=A=etc'),
      [`/run/systemd/system/${unit}.d/20-x.conf`]: service('Environment=B=run'),
      [`${ETC}/${unit}.d/30-x.conf.old`]: service('Environment=B=old'),
    }),
  ],
  [
    'a drop-in of all units of the prefix',
    unit => ({
      [`${ETC}/${unit}`]: service(`ExecStart=${PROGRAM} $A $B end`),
      [`${ETC}/${unit.replace('x.service', '.service')}.d/10-prefix.conf`]: service('Environment=B=prefix'),
      [`${ETC}/${unit}.d/05-x.conf`]: service('Environment=B=own A=1'),
    }),
  ],
  [
    'a unit in /etc hides that of /usr/lib',
    unit => ({
      [`${ETC}/${unit}`]: service(`ExecStart=${PROGRAM} etc`),
      [`${LIB}/${unit}`]: service(`ExecStart=${PROGRAM} lib`),
    }),
  ],
  [
    'an empty ExecStart= in a drop-in',
    unit => ({
      [`${LIB}/${unit}`]: service(`ExecStart=${PROGRAM} old`),
      [`${LIB}/${unit}.d/x.conf`]: service('ExecStart=', `ExecStart=${PROGRAM} new`),
    }),
  ],
  [
    'an environment file beats Environment=, also a later one',
    unit => ({
      [`${ETC}/${unit}`]: service(
        `EnvironmentFile=/etc/${unit}.env`,
        'Environment=A=unit B=unit',
        `ExecStart=${PROGRAM} $A $B end`,
      ),
      [`/etc/${unit}.env`]: 'A=\n',
    }),
  ],
  ['an environment file that need not be there', command('$A end', 'EnvironmentFile=-/nowhere', 'Environment=A=1')],
  [
    'the later environment file wins; an empty one forgets',
    unit => ({
      [`${ETC}/${unit}`]: service(
        `EnvironmentFile=/etc/${unit}.1`,
        'EnvironmentFile=',
        `EnvironmentFile=/etc/${unit}.2`,
        `EnvironmentFile=/etc/${unit}.3`,
        `ExecStart=${PROGRAM} $A $B $C end`,
      ),
      [`/etc/${unit}.1`]: 'A=1\nB=1\nC=1\n',
      [`/etc/${unit}.2`]: 'B=2\nC=2\n',
      [`/etc/${unit}.3`]: 'C=3\n',
    }),
  ],
  [
    'a pattern of environment files',
    unit => ({
      [`${ETC}/${unit}`]: service(
        `EnvironmentFile=-/etc/${unit}.d/*.env`,
        `EnvironmentFile=-/etc/no*.env`,
        `ExecStart=${PROGRAM} $A $B $C end`,
      ),
      [`/etc/${unit}.d/1.env`]: 'A=1\nB=1\n',
      [`/etc/${unit}.d/2.env`]: 'B=2\n',
      [`/etc/${unit}.d/3.conf`]: 'C=3\n',
    }),
  ],
  ['environment file: quotes', withFile('A="b c" \nB=\'d e\'\n', '$A ${A} $B ${B}')],
  ['environment file: comments', withFile('# A=1\n; A=2\nA=3 # four\n')],
  ['environment file: export', withFile('export A=1\n')],
  ['environment file: white space', withFile('  A =  1  \n\tB\t=\t2\n', '$A $B')],
  ['environment file: continued lines', withFile('A=1 \\\n2\nB="3 \\\n4"\n', '$A ${B}')],
  ['environment file: a value over lines', withFile('A="1\n2"\nB=3\n', '${A} $B')],
  ['environment file: escapes', withFile('A=1\\ 2\\x\nB="a\\"b\\$c\\`d\\\\e\\nf"\nC=\'a\\b\'\n', '${A} ${B} ${C}')],
  ['environment file: quotes in the middle', withFile('A=a"b c"d\nB=a\'b c\'d\n', '${A} ${B}')],
  ['environment file: CRLF', withFile('A=1\r\nB=2\r\n', '${A} ${B}')],
  ['environment file: no final newline', withFile('A=1\nB="2"', '$A $B')],
  ['environment file: what is no assignment', withFile('nonsense\n1A=1\nA-B=2\nA=3\n=4\n')],
  ['environment file: behind quotes', withFile('A="b"c "d"\nB="b" "c"  e\nC=""\n', '${A} ${B} ${C}')],
  ['environment file: a quote that is not closed', withFile('A="b\nB=c\n', '${A} ${B}')],
  ['environment file: a variable with a quote, or a backslash', withFile('A=a"b c\\\\d\n')],
  ['CRLF', unit => ({ [`${ETC}/${unit}`]: service(`ExecStart=${PROGRAM} a \\\n b`).replaceAll('\n', '\r\n') })],
  ['environment file: dollars', withFile('A=$B ${B}\nB=1\n', '${A}')],
];

test('a command is read as systemd reads it', needs('root', 'node', 'packages'), async t => {
  const node = await bootNode({ root: makeNodeRoot() });
  t.teardown(() => node.remove());
  node.must('mkdir -p /run/arguments');
  node.write(PROGRAM, script, 0o755);
  const units = rows.map((_, index) => `row-${index}-x.service`);
  for (const [index, [, files]] of rows.entries())
    for (const [path, text] of Object.entries(files(units[index]!)))
      node.write(path, text, /arguments$/.test(path) ? 0o755 : 0o644);
  node.must('systemctl daemon-reload');
  node.run(['systemctl', 'start', ...units]);
  const disk = openDisk(node.path('/'));
  // Our own /proc, seen through the node's folder, has our name.
  const hostname = node.must('cat /proc/sys/kernel/hostname');
  const tree = overlayTree(disk, new Map([['/proc/sys/kernel/hostname', hostname]]));
  for (const [index, [name]] of rows.entries()) {
    const systemd = node.run(['cat', `/run/arguments/${units[index]}`]).stdout;
    let read: string;
    try {
      const args = expandCommand(loadUnit(tree, units[index]!)!);
      read = args.map(({ text }) => `${text}\0`).join('');
    } catch (fault) {
      read = (fault as Error).message;
    }
    t.equal(read, systemd, name);
  }
});
