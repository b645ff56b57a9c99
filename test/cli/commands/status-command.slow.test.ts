import { once } from 'node:events';
import { test } from 'tap';
import type { AdminRoute } from '../../../src/admin/admin-route.ts';
import { commands } from '../../../src/cli/commands/commands.ts';
import { runDoctor } from '../../../src/cli/commands/doctor-command.ts';
import { runStatus } from '../../../src/cli/commands/status-command.ts';
import { parseCommand } from '../../../src/cli/grammar/command-row.ts';
import { UsageError } from '../../../src/cli/grammar/usage-error.ts';
import { startAdmin } from '../../admin/admin-lab.ts';
import { spawnTied, waitFor } from '../../support/child.ts';
import { proxyCommand, runProxy } from '../../support/proxy.ts';

const report = {
  format: 1,
  time: '2026-03-01T12:00:00.000Z',
  daemon: {
    version: '1.0.0',
    base: 'Node 24.21.0, dynamic, glibc, amd64, sea',
    pid: 812,
    startedAt: '2026-03-01T11:00:00.000Z',
    uptimeSeconds: 3600,
    listen: '/run/criproxy.sock',
    adminSocket: null,
    metrics: null,
    stateDir: null,
    configFile: null,
    logLevel: 2,
    memory: { rssBytes: 1, heapBytes: 1, externalBytes: 1 },
    calls: null,
    eventLoopLag: null,
  },
  runtimes: [],
};

const routes: readonly AdminRoute[] = [
  { method: 'GET', path: '/v1/status', handle: () => ({ kind: 'json', value: report }) },
];

const runs = { status: runStatus, doctor: runDoctor };

const wrong: readonly [command: keyof typeof runs, argv: readonly string[], message: RegExp][] = [
  ['status', ['-o', 'xml'], /^status: -o "xml": one of table, json, yaml$/],
  ['status', ['--watch', '--interval', '0'], /^status: --interval "0": give seconds, from 0\.1 to 3600$/],
  ['status', ['-w', '--interval=soon'], /^status: --interval "soon": give seconds/],
  ['doctor', ['-o', 'yaml'], /^doctor: -o "yaml": one of text, json$/],
];

test('wrong use', async t => {
  for (const [command, argv, message] of wrong) {
    const row = commands.find(({ name }) => name === command)!;
    const fault = await runs[command](parseCommand(row, argv)).catch(error => error);
    t.type(fault, UsageError, argv.join(' '));
    t.match((fault as Error).message, message);
  }
});

test('a secondary that was never there is no fault, the primary is', async t => {
  const never = (id: string) => ({
    ...{ id, socket: '/run/x.sock', state: 'down', seen: false, since: report.time, reason: 'there is no socket' },
    ...{ name: null, version: null, packages: [], labels: {}, calls: null, lastError: null },
    snapshot: { pods: null, containers: null, images: null },
  });
  for (const [id, expected] of [
    ['vm', 0],
    ['', 3],
  ] as const) {
    const handle = () => ({ kind: 'json', value: { ...report, runtimes: [never(id)] } }) as const;
    const lab = await startAdmin([{ method: 'GET', path: '/v1/status', handle }]);
    t.teardown(() => lab.stop());
    t.equal((await runProxy(['status', '--admin-socket', lab.path])).code, expected, id);
  }
});

test('all runtimes up is 0', async t => {
  const lab = await startAdmin(routes);
  t.teardown(() => lab.stop());
  const { code, stdout } = await runProxy(['status', '-o', 'json', '--admin-socket', lab.path]);
  t.equal(code, 0);
  t.same(JSON.parse(stdout), report);
});

const forms: readonly [argv: readonly string[], begin: RegExp, each: RegExp][] = [
  [['-o', 'json'], /^\{"format":1,.*\}\n\{"format":1,.*\}\n/, /^\{"format":1,.*\}$/gm],
  [['-o', 'yaml'], /^---\nformat: 1\n[\s\S]*\n---\nformat: 1\n/, /^---$/gm],
  [[], /^\d\d:\d\d:\d\d\ncriproxy 1\.0\.0, pid 812, up 1h,/, /^criproxy 1\.0\.0/gm],
];

for (const [argv, begin, each] of forms) {
  test(`--watch ${argv.join(' ')} through a pipe, over an end of the daemon, until SIGINT`, async t => {
    const lab = await startAdmin(routes);
    t.teardown(() => lab.stop());
    const [program, args] = proxyCommand([
      'status',
      '--watch',
      '--interval',
      '0.1',
      ...argv,
      '--admin-socket',
      lab.path,
    ]);
    const child = spawnTied(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout!.setEncoding('utf8').on('data', text => (stdout += text));
    child.stderr!.setEncoding('utf8').on('data', text => (stderr += text));
    await waitFor('two of them', () => (stdout.match(each) ?? []).length >= 2 || undefined);
    t.match(stdout, begin);
    t.notMatch(stdout, '\x1b');
    await lab.server.close(0);
    await waitFor('a word about the daemon', () => /^criproxy: there is no admin socket /.test(stderr) || undefined);
    child.kill('SIGINT');
    t.same(await once(child, 'close'), [0, null]);
  });
}
