import { test } from 'tap';
import { commands } from '../../src/cli/commands/commands.ts';
import { parseCommand } from '../../src/cli/grammar/command-row.ts';
import { commandHelp } from '../../src/cli/help/help.ts';
import { run } from '../../src/cli/run.ts';
import { endOf, spawnTied } from '../support/child.ts';
import { proxyCommand, runProxy } from '../support/proxy.ts';

/** Wrong flags, and the one line that must name the flag, its value and the remedy. */
const rows: ReadonlyArray<readonly [flags: readonly string[], line: RegExp]> = [
  [['-nope'], /flag -nope: there is no such flag/],
  [['-streamport', '1'], /flag -streamport: .*did you mean -streamPort\?/],
  [['-conect', '/x'], /flag -conect: .*did you mean -connect\?/],
  [['serve'], /"serve": there is no such command \(see criproxy -help\)/],
  [['stauts'], /"stauts": there is no such command; did you mean criproxy status\?/],
  [['-v', '3', 'status'], /unexpected argument "status"/],
  [['status', 'x'], /status: "x": takes options only \(see criproxy status --help\)/],
  [['status', '--wach'], /status: there is no option --wach/],
  [['status', '--admin-socket'], /status: Option '--admin-socket <value>' argument missing/],
  [['replay'], /replay: needs a FILE/],
  [['config'], /config: needs one of check, show/],
  [['config', 'what'], /config: "what": one of check, show/],
  [['config', 'check'], /config check: needs a FILE/],
  [['config', 'check', 'a', 'b'], /config check: "b": takes only FILE/],
  [['config', 'show', 'x'], /unexpected argument "x"/],
  [['log-level', '6'], /log-level: "6" is not a log level; use 0 to 5/],
  [['log-level', 'high'], /log-level: "high" is not a log level/],
  [['log-level', '3', '--for', 'soon'], /log-level: --for: "soon" is not a duration; write it as 10m/],
  [['log-level', '3', '--for', '25h'], /log-level: --for: "25h" is too long; use up to 24h/],
  [['log-level', '--for', '3m'], /log-level: --for needs a LEVEL/],
  [['setup'], /setup: needs one of status, apply, revert/],
  [['setup', 'undo'], /setup: "undo": one of status, apply, revert/],
  [['setup', 'status', '--jsn'], /setup status: there is no option --jsn; did you mean --json\?/],
  [['setup', 'apply', '--root', '/x'], /setup apply: there is no option --root/],
  [['setup', 'apply', '--primary', 'docker'], /setup: flag --primary: "docker": one of detect, containerd/],
  [['setup', 'apply', '--settle', '0'], /setup: flag --settle: "0": give seconds/],
  [['setup', 'apply', '--other', 'x'], /setup: flag --other: "x": write each runtime as id:/],
  [['-v'], /flag -v: needs a value/],
  [['-v', '6'], /flag -v: "6" .*use 0 to 5/],
  [['-v='], /flag -v: "" is not a whole number; /],
  [['-v', '-1'], /flag -v: "-1" .*use 0 to 5/],
  [['-v', 'high'], /flag -v: "high" is not a whole number/],
  [['-logtostderr=perhaps'], /flag -logtostderr: "perhaps" is not a boolean/],
  [['-connect', ''], /flag -connect: "" is empty; write a socket path/],
  [['-connect', '/run/a.sock,'], /flag -connect: "" is empty/],
  [['-connect', 'run/a.sock'], /flag -connect: "run\/a\.sock" is not an absolute path; write \/path/],
  [['-connect', 'tcp://127.0.0.1:1'], /flag -connect: "tcp:\/\/127\.0\.0\.1:1" /],
  [['-connect', 'unix://run/a.sock'], /flag -connect: "unix:\/\/run\/a\.sock" is not a unix socket; write \/path/],
  [
    ['-connect', 'alt:/run/a.sock'],
    /flag -connect: "alt:\/run\/a\.sock" cannot be the first.*put the primary's socket/,
  ],
  [
    ['-connect', '/run/a.sock,/run/b.sock'],
    /flag -connect: "\/run\/b\.sock" is a second primary.*write it as id:socket/,
  ],
  [['-connect', '/run/a.sock,x:/run/b.sock,x:/run/c.sock'], /"x:\/run\/c\.sock" has the id of another.*"x"; give it/],
  [['-connect', '/run/a.sock,x:/run/a.sock'], /"x:\/run\/a\.sock" has the socket of another runtime; name each/],
  [['-connect', '/run/a.sock,x:/run/../run/a.sock'], /has the socket of another runtime/],
  [['-connect', '/run/a.sock,x__y:/run/b.sock'], /"x__y:\/run\/b\.sock" has an id that cannot be used: .*"__"/],
  [['-connect', '/run/a.sock,:/run/b.sock'], /":\/run\/b\.sock" has an id that cannot be used: the id is empty/],
  [['-connect', '/run/a.sock,x:b.sock'], /"x:b\.sock" is not an absolute path/],
  [
    ['-connect', '/run/x.sock', '-listen', 'unix:///run/x.sock'],
    /flag -connect: "\/run\/x\.sock" is the socket of -listen/,
  ],
  [['-listen', 'criproxy.sock'], /flag -listen: "criproxy\.sock" is not an absolute path; write \/path/],
  [['-listen', ''], /flag -listen: "" is not an absolute path/],
  [['-listen', 'http://x'], /flag -listen: "http:\/\/x" is not a unix socket/],
  [
    ['-listen', '/nowhere/at/all/x.sock'],
    /flag -listen: "\/nowhere\/at\/all\/x\.sock": .*no folder \/nowhere\/at\/all; create/,
  ],
  [['-listen', `/tmp/${'x'.repeat(120)}`], /flag -listen: "\/tmp\/x+": .*at most 107 bytes/],
  [['-listen', '/etc/passwd'], /flag -listen: "\/etc\/passwd": .*not a socket; move it away/],
  [['-streamPort', '0'], /flag -streamPort: "0" is not a port; use 1 to 65535/],
  [['-streamPort', '65536'], /flag -streamPort: "65536" is not a port/],
  [['-streamUrl', '10.0.0.1:1'], /flag -streamUrl: "10\.0\.0\.1:1" is not http:\/\/host:port/],
  [['-streamUrl', 'http://x/path'], /flag -streamUrl: "http:\/\/x\/path" is not http:\/\/host:port/],
  [['-listTimeout', '0'], /flag -listTimeout: "0" .*write it as 1s or 500ms/],
  [['-listTimeout', 'soon'], /flag -listTimeout: "soon" is not a duration/],
  [['-maxSnapshotAge', '1day'], /flag -maxSnapshotAge: "1day" is not a duration/],
  [['-stateDir', 'state'], /flag -stateDir: "state" is not an absolute path; write it as \/var\/lib\/criproxy/],
];

/** Runs main.ts with these flags, without a process of its own. */
async function runHere(flags: readonly string[]): Promise<{ code: number; stderr: string }> {
  const { write } = process.stderr;
  let stderr = '';
  process.stderr.write = (text: string | Uint8Array): boolean => {
    stderr += text;
    return true;
  };
  try {
    return { code: await run(flags), stderr };
  } finally {
    process.stderr.write = write;
  }
}

for (const [flags, line] of rows) {
  test(`${JSON.stringify(flags)} is one line, and exit status 2`, async t => {
    const { code, stderr } = await runHere(flags[0]?.startsWith('-') ? ['-stateDir=', ...flags] : flags);
    t.equal(code, 2);
    t.match(stderr, line, stderr.trimEnd());
    t.match(stderr, /^criproxy: .+\n$/, 'one line');
  });
}

/** One row of each place that finds faults. */
const throughTheProgram = ['-nope', '-v 6', '-listen /etc/passwd'];

for (const flags of throughTheProgram) {
  test(`the program ends with 2 and one line for ${flags}`, async t => {
    const { code, stdout, stderr } = await runProxy(['-stateDir=', ...flags.split(' ')]);
    t.strictSame([code, stdout], [2, '']);
    t.match(stderr, /^criproxy: flag .+\n$/, stderr.trimEnd());
  });
}

test('-help', async t => {
  for (const flag of ['-help', '-h']) {
    const { code, stdout, stderr } = await runProxy([flag]);
    t.strictSame([code, stderr], [0, ''], flag);
    const long = stdout.split('\n').filter(line => line.length > 80);
    t.strictSame(long, [], 'at most 80 columns');
    for (const text of ['-connect', '-listen', '-v', '-streamPort', '-streamUrl', '-version', '-apiserver']) {
      t.ok(stdout.includes(text), text);
    }
    t.match(stdout, /^Usage: criproxy \[flags\]\n/);
    for (const { name } of commands) t.ok(stdout.includes(`\n  ${name} `), name);
    t.ok(stdout.endsWith('\n'));
  }
});

for (const row of commands) {
  test(`criproxy ${row.name} --help`, async t => {
    const text = commandHelp(row);
    const long = text.split('\n').filter(line => line.length > 80);
    t.strictSame(long, [], 'at most 80 columns');
    t.ok(text.replace(/\s+/g, ' ').startsWith(`Usage: criproxy ${row.name}`));
    for (const option of row.options) t.ok(text.includes(`--${option.name}`), option.name);
    t.match(text, /\n\nExit status: 0 done, /);
    t.match(text, /[^\n]\n$/);
  });
}

for (const words of ['config check --help', 'config check -help x', 'help config check', 'config check a -h']) {
  test(`criproxy ${words} is the help of config check`, async t => {
    const { code, stdout, stderr } = await runProxy(words.split(' '));
    t.strictSame([code, stdout, stderr], [0, commandHelp(commands.find(({ name }) => name === 'config check')!), '']);
  });
}

test('criproxy config --help names its commands', async t => {
  const { code, stdout } = await runProxy(['config', '--help']);
  t.equal(code, 0);
  t.match(stdout, /^Usage: criproxy config COMMAND[\s\S]*\n {2}config check {2}[\s\S]*\n {2}config show {3}/);
});

test('options of commands may have one dash', async t => {
  const row = commands.find(({ name }) => name === 'setup status')!;
  t.strictSame(parseCommand(row, ['-json', '-root=/x']).values, parseCommand(row, ['--json', '--root', '/x']).values);
});

test('a command whose output is not read ends without an error message', async t => {
  const [command, args] = proxyCommand(['help']);
  const child = spawnTied(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  child.stdout!.destroy();
  const { code } = await endOf(child);
  t.strictSame([code === 0 || code === 141, stderr], [true, '']);
});

test('-version is one line', async t => {
  const { code, stdout, stderr } = await runProxy(['-version']);
  t.strictSame([code, stderr], [0, '']);
  t.match(stdout, /^criproxy \S+ \(.+\)\n$/);
});
