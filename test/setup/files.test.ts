import { test } from 'tap';
import { parseEnvFile } from '../../src/setup/env-file.ts';
import { loadUnit } from '../../src/setup/unit.ts';
import { parseUnitFile } from '../../src/setup/unit-file.ts';
import { quoteWord, splitWords } from '../../src/setup/words.ts';
import { makeHost } from './fake-host.ts';

/** systemd.exec(5), EnvironmentFile=. */
const envRows: readonly (readonly [text: string, values: readonly (readonly [string, string])[]])[] = [
  ['A=b\n', [['A', 'b']]],
  ['A=b', [['A', 'b']]],
  [
    'A="b c" \nB=\'d e\'\n',
    [
      ['A', 'b c'],
      ['B', 'd e'],
    ],
  ],
  ['# A=b\n; B=c\n\nC=d # e\n', [['C', 'd # e']]],
  [
    'A=\nB=c\n',
    [
      ['A', ''],
      ['B', 'c'],
    ],
  ],
  [
    'A=b \\\nc\nB=d\n',
    [
      ['A', 'b c'],
      ['B', 'd'],
    ],
  ],
  ['A="b\nc"\n', [['A', 'b\nc']]],
  ['A="b\\"c"\n', [['A', 'b"c']]],
  ['no assignment\nA=b\n', [['A', 'b']]],
];

for (const [text, values] of envRows) {
  test(`environment file ${JSON.stringify(text)}`, async t => {
    t.same(
      parseEnvFile(text).map(({ name, value }) => [name, value]),
      values,
    );
  });
}

test('an environment file’s ranges are the raw values', async t => {
  const text = 'A="b c"  \n B=d\nC=\n';
  t.same(
    parseEnvFile(text).map(({ start, end }) => text.slice(start, end)),
    ['"b c"', 'd', ''],
  );
});

/** systemd.syntax(7). */
const unitRows: readonly (readonly [text: string, entries: readonly (readonly [string, string, string])[]])[] = [
  ['[Service]\nA=b\n', [['Service', 'A', 'b']]],
  ['[Service]\nA = b c \n', [['Service', 'A', 'b c']]],
  ['[Unit]\n# A=b\n;B=c\nC=d', [['Unit', 'C', 'd']]],
  [
    '[Service]\nA=b \\\n# note\n  c\nD=e\n',
    [
      ['Service', 'A', 'b    c'],
      ['Service', 'D', 'e'],
    ],
  ],
  [
    '[A]\nX=\n[B]\nX=1\n',
    [
      ['A', 'X', ''],
      ['B', 'X', '1'],
    ],
  ],
];

for (const [text, entries] of unitRows) {
  test(`unit file ${JSON.stringify(text)}`, async t => {
    t.same(
      parseUnitFile(text).map(({ section, key, value }) => [section, key, value]),
      entries,
    );
  });
}

interface UnitRow {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly line: string;
  readonly x: string | undefined;
}

const base = '/systemd/system/x.service';

/** systemd.unit(5), search path and drop-ins; systemd.exec(5), Environment= and EnvironmentFile=. */
const precedence: readonly UnitRow[] = [
  {
    name: 'a unit in /etc hides one in /usr/lib',
    files: { [`/etc${base}`]: '[Service]\nExecStart=/a', [`/usr/lib${base}`]: '[Service]\nExecStart=/b' },
    line: '/a',
    x: undefined,
  },
  {
    name: 'a drop-in in /etc hides one of the same name in /usr/lib',
    files: {
      [`/lib${base}`]: '[Service]\nExecStart=/a',
      [`/usr/lib${base}.d/1.conf`]: '[Service]\nExecStart=\nExecStart=/b\nEnvironment=X=lib',
      [`/etc${base}.d/1.conf`]: '[Service]\nEnvironment=X=etc',
    },
    line: '/a',
    x: 'etc',
  },
  {
    name: 'drop-ins go by name, wherever they are',
    files: {
      [`/lib${base}`]: '[Service]\nExecStart=/a',
      [`/etc${base}.d/1.conf`]: '[Service]\nEnvironment=X=1',
      [`/lib${base}.d/2.conf`]: '[Service]\nEnvironment=X=2',
    },
    line: '/a',
    x: '2',
  },
  {
    name: 'EnvironmentFile= beats Environment=, also a later one',
    files: {
      [`/lib${base}`]: '[Service]\nExecStart=/a\nEnvironmentFile=-/e',
      [`/etc${base}.d/9.conf`]: '[Service]\nEnvironment="X=drop-in"',
      '/e': 'X=\n',
    },
    line: '/a',
    x: '',
  },
  {
    name: 'an empty Environment= clears what was before it',
    files: { [`/lib${base}`]: '[Service]\nExecStart=/a\nEnvironment=X=1 Y=2\nEnvironment=\nEnvironment=Y=3' },
    line: '/a',
    x: undefined,
  },
  {
    name: 'names that do not end in .conf are no drop-ins',
    files: {
      [`/lib${base}`]: '[Service]\nExecStart=/a',
      [`/etc${base}.d/1.conf.criproxy-old`]: '[Service]\nEnvironment=X=1',
    },
    line: '/a',
    x: undefined,
  },
];

for (const { name, files, line, x } of precedence) {
  test(name, async t => {
    const unit = loadUnit(makeHost(files, 31).files, 'x.service');
    t.equal(unit?.execStart.line, line);
    t.equal(unit?.environment.get('X')?.value, x);
  });
}

for (const word of ['plain', '--a=b', 'a b', 'a"b', "it's", '100%', '$HOME', 'a\\b', '']) {
  test(`quoteWord(${JSON.stringify(word)}) is read back as itself`, async t => {
    const quoted = quoteWord(word).replace(/%%/g, '%').replace(/\$\$/g, '$');
    t.same(splitWords(quoted, 'unit'), [word]);
  });
}
