import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { givenFlags } from '../../src/cli/grammar/flags.ts';
import { checkConfig } from '../../src/config/check-config.ts';
import { configOf } from '../../src/config/config.ts';
import { daemonFlags } from '../../src/config/daemon-flags.ts';
import { loadOptions } from '../../src/config/load-options.ts';

const dir = mkdtempSync(join(tmpdir(), 'criproxy-access-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
symlinkSync(dir, join(dir, 'link'));
const file = join(dir, 'config.yaml');

async function read(sockets: string) {
  writeFileSync(file, sockets);
  return configOf(await loadOptions(givenFlags(daemonFlags, ['-config', file])));
}

/** The message of `criproxy config check` about the file, without the file's name. */
async function check(text: string): Promise<string> {
  writeFileSync(file, text);
  const said = await checkConfig(file).catch((error: Error) => error.message);
  return said.replaceAll(file, 'FILE');
}

test('a socket as the daemon gets it', async t => {
  const { sockets } = await read(`sockets:
  - path: unix:///run/criproxy-read.sock
    mode: "0640"
    group: monitoring
    allow: [read, ExecSync, List*]
    redact: true
    namespaces: [team-a, team-a-*]
    rate: 50
  - {path: /run/b.sock, allow: [all]}
`);
  t.strictSame(sockets, [
    {
      path: '/run/criproxy-read.sock',
      mode: 0o640,
      group: 'monitoring',
      allow: ['read', 'ExecSync', 'List*'],
      redact: true,
      namespaces: ['team-a', 'team-a-*'],
      rate: 50,
    },
    { path: '/run/b.sock', allow: ['all'] },
  ]);
  t.strictSame((await read('')).sockets, []);
});

const faults: ReadonlyArray<readonly [entry: string, fault: string]> = [
  ['allow: [read]', 'path: is missing'],
  ['path: /a', 'allow: is missing'],
  ['path: a\n    allow: [read]', 'path: "a" is not an absolute path; write /path or unix:///path'],
  ['path: /a\n    allow: []', 'allow: is empty; use read, images, exec, all, or methods'],
  [
    'path: /a\n    allow: [write]',
    'allow[0]: "write" is no method of CRI; use read, images, exec, all, a method as ListContainers, or a glob as List*',
  ],
  ['path: /a\n    allow: [read]\n    mode: 0660', 'mode: "660" is not text; put it in quotes'],
  ['path: /a\n    allow: [read]\n    mode: rw', 'mode: "rw" is not a file mode; write it as "0660"'],
  ['path: /a\n    allow: [read]\n    namespaces: []', 'namespaces: is empty; leave it out for all namespaces'],
  ['path: /a\n    allow: [read]\n    rate: 0', 'rate: "0" is not a rate; use calls a second, from 1 to 1000000'],
  [
    'path: /a\n    allow: [read]\n    rates: 1',
    'rates: "1" there is no such key; use one of path, mode, group, allow, redact, namespaces, rate',
  ],
];

for (const [entry, fault] of faults) {
  test(`${entry.replace(/\s+/g, ' ')}: ${fault}`, async t => {
    const said = await check(`sockets:\n  - ${entry}\n`);
    t.equal(said.replace(/^FILE:\d+: sockets\[0\]\.?/, ''), fault);
  });
}

const places: ReadonlyArray<readonly [paths: readonly string[], fault: RegExp]> = [
  [
    ['listen.sock'],
    /^FILE:5: sockets\[0\]\.path: "\S+listen\.sock" is the socket of -listen too; give it a path of its own$/,
  ],
  [['admin.sock'], /is the socket of -adminSocket too/],
  [['a.sock', 'link/a.sock'], /^FILE:6: sockets\[1\]\.path: "\S+" is the socket of sockets too/],
  [
    ['runtime.sock'],
    /^FILE:3: runtimes\[0\]\.socket: "\S+" is the socket of sockets: criproxy cannot be its own runtime; change one$/,
  ],
];

for (const [paths, fault] of places) {
  test(`sockets at ${paths.join(', ')} are refused`, async t => {
    const entries = paths.map(path => `- {path: ${join(dir, path)}, allow: [read]}\n`);
    const said = await check(
      `listen: ${join(dir, 'listen.sock')}\nadminSocket: ${join(dir, 'admin.sock')}\n` +
        `runtimes: [{socket: ${join(dir, 'link/runtime.sock')}}]\nsockets: \n${entries.join('')}`.replace(
          'sockets: \n',
          'sockets:\n',
        ),
    );
    t.match(said, fault);
  });
}

test('a group that this machine does not have is a warning', async t => {
  const entry = (group: string) => `sockets: [{path: /run/a.sock, allow: [read], group: ${group}}]\n`;
  t.match(
    await check(entry('no-such-group')),
    /^FILE: warning: sockets\[0\]\.group: there is no group "no-such-group" in \/etc\/group; make it \(groupadd no-such-group\), or/m,
  );
  t.notMatch(await check(entry('root')), 'warning');
  t.notMatch(await check(entry('"54321"')), 'warning');
});
