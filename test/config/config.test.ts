import { test } from 'tap';
import { commands } from '../../src/cli/commands/commands.ts';
import { allOptions } from '../../src/config/options.ts';
import { Fault } from '../../src/config/value-type.ts';
import { configOfFlags } from '../support/config-of-flags.ts';

const read = (...argv: string[]) => configOfFlags(...argv);

const runtimes: ReadonlyArray<readonly [connect: string, read: ReadonlyArray<readonly [id: string, path: string]>]> = [
  ['/run/a.sock', [['', '/run/a.sock']]],
  ['unix:///run/a.sock', [['', '/run/a.sock']]],
  ['unix:/run/a.sock', [['', '/run/a.sock']]],
  ['/run/a:b.sock', [['', '/run/a:b.sock']]],
  [
    '/run/a.sock,alt:/run/b.sock',
    [
      ['', '/run/a.sock'],
      ['alt', '/run/b.sock'],
    ],
  ],
  [
    'unix:///run/a.sock,virtlet.cloud:unix:///run/b.sock,kata-fc:unix:/run/c.sock',
    [
      ['', '/run/a.sock'],
      ['virtlet.cloud', '/run/b.sock'],
      ['kata-fc', '/run/c.sock'],
    ],
  ],
];

for (const [connect, expected] of runtimes) {
  test(`-connect ${connect}`, async t => {
    t.strictSame(
      read('-connect', connect).runtimes.map(({ id, socket }) => [id, socket]),
      expected,
    );
  });
}

test('-listen takes the same spellings', async t => {
  for (const listen of ['/run/x.sock', 'unix:/run/x.sock', 'unix:///run/x.sock']) {
    t.equal(read('-listen', listen).listen, '/run/x.sock', listen);
  }
});

test('-streamUrl wins over -streamPort', async t => {
  t.equal(read('-streamUrl', 'http://10.0.0.1:1234').streamUrl, 'http://10.0.0.1:1234');
  t.equal(read('-streamUrl', 'http://10.0.0.1:1234/', '-streamPort', '99').streamUrl, 'http://10.0.0.1:1234');
  t.equal(read('-streamUrl', 'https://node.example:1234').streamUrl, 'https://node.example:1234');
});

test('-streamPort is that of an address of this node', async t => {
  t.match(read().streamUrl, /^http:\/\/\d+\.\d+\.\d+\.\d+:11250$/);
  t.match(read('-streamPort', '12000').streamUrl, /^http:\/\/\d+\.\d+\.\d+\.\d+:12000$/);
  t.ok(URL.canParse(read().streamUrl));
});

test('levels 0 to 5', async t => {
  for (const level of [0, 1, 2, 3, 4, 5]) t.equal(read('-v', String(level)).logLevel, level, `-v ${level}`);
});

test('times and folders', async t => {
  const config = read('-listTimeout', '250ms', '-maxSnapshotAge', '1h', '-stateDir', '/var/lib/x');
  t.strictSame([config.listTimeout, config.maxSnapshotAge, config.stateDir], [250, 3_600_000, '/var/lib/x']);
  const defaults = read();
  t.strictSame([defaults.listTimeout, defaults.maxSnapshotAge], [1_000, undefined]);
  t.equal(read('-stateDir=').stateDir, undefined, 'an empty -stateDir switches it off');
});

test('commands look for the daemon where it is by default', async t => {
  const { adminSocket } = configOfFlags();
  const defaults = commands.flatMap(({ name, options }) => options.map(row => [name, row.name, row.default] as const));
  const admin = defaults.filter(([, option]) => option === 'admin-socket');
  t.ok(admin.length > 3);
  for (const [name, , value] of admin) t.equal(value, adminSocket, name);
});

test('every row of the table has a default of its type, a text, and a place of its own', async t => {
  for (const { key, scope, type, default: standard, help } of allOptions) {
    t.notOk(type.parse(standard) instanceof Fault, `${scope} ${key}: the default`);
    t.match(help, /^\S.*[^.]$/, `${key}: help without a full stop`);
    t.equal(allOptions.filter(row => row.key === key && row.scope === scope).length, 1, `${scope} ${key}: once`);
  }
  const flags = new Set(allOptions.flatMap(({ flag }) => flag ?? []));
  t.equal(new Set([...flags].map(({ name }) => name)).size, flags.size, 'no two flags have one name');
});
