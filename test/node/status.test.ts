import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Test, test } from 'tap';
import { parse } from 'yaml';
import type { StatusReport } from '../../src/admin/api/status-report.ts';
import { waitFor } from '../support/child.ts';
import { type Containerd, startContainerd } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { type ProxyProcess, proxyCommand, runProxy, startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';
import { openTerminal } from '../support/terminal.ts';

const ESCAPE = '\x1b';

/** Three runtimes: two real ones, with a pod each, and one that is not there. */
interface Lab {
  readonly proxy: ProxyProcess;
  readonly primary: Containerd;
  readonly alt: Containerd;
  /** `status` with more arguments. */
  readonly command: (...more: readonly string[]) => string[];
}

async function startLab(undo: (step: () => unknown) => void): Promise<Lab> {
  const [primary, alt] = await Promise.all([startContainerd(), startContainerd()]);
  undo(() => Promise.all([primary.stop(), alt.stop()]));
  const missing = join(primary.dir, 'none.sock');
  writeFileSync(missing, ''); // no server listens there
  const others = `alt:${alt.socketPath},gone:${missing},later:${join(primary.dir, 'later.sock')}`;
  const proxy = await startProxy({ connect: `${primary.socketPath},${others}` });
  undo(() => proxy.remove());
  const client = connect(proxy.socketPath);
  undo(() => client.close());
  for (const target of [
    { imagePrefix: '', annotations: {} },
    { imagePrefix: 'alt/', annotations: { 'kubernetes.io/target-runtime': 'alt' } },
  ]) {
    const pod = await waitFor('a pod', () => runPod(client, target).catch(() => undefined));
    await runContainer(client, target, pod);
  }
  const socket = join(dirname(proxy.socketPath), 'state', 'admin.sock');
  return { proxy, primary, alt, command: (...more) => ['status', '--admin-socket', socket, ...more] };
}

async function checkForms(t: Test, lab: Lab): Promise<void> {
  const { command, proxy } = lab;
  const ask = async () => JSON.parse((await runProxy(command('-o', 'json'))).stdout) as StatusReport;

  await t.test('JSON has the known facts of each runtime', async t => {
    const report = await waitFor('all lists', async () => {
      const got = await ask();
      return got.runtimes.slice(0, 2).every(({ snapshot }) => snapshot.containers?.items === 1) ? got : undefined;
    });
    t.same(
      report.runtimes.map(({ id, state, socket, name, packages, snapshot }) => ({
        id,
        state,
        socket,
        name,
        packages,
        pods: snapshot.pods?.items,
        containers: snapshot.containers?.items,
      })),
      [
        ...[lab.primary, lab.alt].map(({ socketPath }, index) => ({
          id: index === 0 ? '' : 'alt',
          state: 'up',
          socket: socketPath,
          name: 'containerd',
          packages: report.runtimes[0]!.packages,
          pods: 1,
          containers: 1,
        })),
        ...Object.entries({ gone: 'none.sock', later: 'later.sock' }).map(([id, socket]) => ({
          id,
          state: 'down',
          socket: join(lab.primary.dir, socket),
          name: null,
          packages: [],
          pods: undefined,
          containers: undefined,
        })),
      ],
    );
    t.ok(report.runtimes[0]!.packages.includes('runtime.v1'));
    t.match(report.runtimes[2], { seen: true, reason: /nothing listens on .*none\.sock/ });
    t.match(report.runtimes[3], { seen: false, reason: /there is no socket at .*later\.sock/ });
    t.equal(report.daemon.listen, proxy.socketPath);
    for (const { id, calls } of report.runtimes.slice(0, 2)) {
      t.ok(calls!.total > 5, `calls to "${id}"`);
      t.ok(calls!.p50Ms! > 0 && calls!.p99Ms! >= calls!.p50Ms!, `times of "${id}"`);
    }
  });

  await t.test('YAML has the same fields', async t => {
    const { stdout, code } = await runProxy(command('-o', 'yaml'));
    t.equal(code, 3, 'a runtime is down');
    const report = parse(stdout) as StatusReport;
    t.same(Object.keys(report), Object.keys(await ask()));
    t.same(Object.keys(report.runtimes[0]!), Object.keys((await ask()).runtimes[0]!));
  });
}

async function checkTerminal(t: Test, lab: Lab): Promise<void> {
  const { command } = lab;

  await t.test('in a terminal of 80 columns', async t => {
    const [program, args] = proxyCommand(command());
    const terminal = await openTerminal([program, ...args]);
    t.teardown(() => terminal.close());
    t.equal(await waitFor('its end', () => terminal.exitStatus()), 3);
    const screen = terminal.screen();
    t.comment(`\n${screen.join('\n')}`);
    t.match(screen[0], /^criproxy \S+, pid \d+, up \d+[smh][^,]*, \d+ MiB, log level 3/);
    const has = (pattern: RegExp) => screen.some(line => pattern.test(line));
    t.ok(has(/^CRI on .*criproxy\.sock, configured by flags$/));
    t.ok(has(/^RUNTIME +STATE SINCE +PODS +CONT CALLS\/S +ERRORS +P50\/P99 SNAPSHOT$/));
    const row = (id: string) => screen.find(line => line.startsWith(`${id} `))?.split(/ {2,}/);
    t.match(row('primary')?.slice(1, 4).join(' '), /^up /);
    t.match(row('gone')?.join(' '), /^gone down /);
    t.ok(
      screen.some(line => /^ {2}nothing listens on/.test(line)),
      'why it is down',
    );
    t.match(row('later')?.join(' '), /^later - /);
    t.ok(has(/^ {2}not seen yet: there is no socket at/));
    t.match(terminal.colours(), new RegExp(`${ESCAPE}\\[32mup`), 'green');
    t.match(terminal.colours(), /\[(1;)?31m|\[31;1mdown|\[1m.*down/, 'red');
  });

  await t.test('NO_COLOR and a pipe: no escape codes, at most 80 columns', async t => {
    const [program, args] = proxyCommand(command());
    const terminal = await openTerminal([program, ...args], { env: { NO_COLOR: '1' } });
    t.teardown(() => terminal.close());
    await waitFor('its end', () => terminal.exitStatus());
    t.notMatch(terminal.colours(), ESCAPE);
    const { stdout } = await runProxy(command());
    t.notMatch(stdout, ESCAPE);
    t.same(
      stdout.split('\n').filter(line => line.length > 80),
      [],
    );
  });
}

async function checkChanges(t: Test, lab: Lab): Promise<void> {
  const { command, proxy } = lab;

  await t.test('--watch: a runtime, and then the daemon, goes and comes', async t => {
    const [program, args] = proxyCommand(command('--watch', '--interval', '0.2'));
    const terminal = await openTerminal([program, ...args], { rows: 40 });
    t.teardown(() => terminal.close());
    const sees = (what: string, pattern: RegExp) =>
      waitFor(what, () => terminal.screen().some(line => pattern.test(line)) || undefined);
    await sees('alt up', /^alt +up /);
    await lab.alt.kill();
    await sees('alt down', /^alt +down /);
    await lab.alt.start();
    await sees('alt up again', /^alt +up /);
    await proxy.stop();
    await sees('the daemon gone', /^there is no admin socket|^nothing listens on/);
    await sees('its last known status', /^Last known status, \S.* old:$/);
    await sees('the last table, which stays', /^alt +up /);
    await proxy.start();
    await waitFor('the daemon back', () => {
      const screen = terminal.screen();
      return (screen.length > 0 && screen.every(line => !/^Last known status/.test(line))) || undefined;
    });
    await sees('alt up, of the new daemon', /^alt +up /);
    terminal.press('C-c');
    t.equal(await waitFor('its end', () => terminal.exitStatus()), 0);
    t.ok(
      terminal.screen().some(line => /^alt +up /.test(line)),
      'what was seen last stays on the screen',
    );
  });

  await t.test('without the daemon: exit status 1, and the remedy', async t => {
    await proxy.stop();
    const { code, stdout, stderr } = await runProxy(command());
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(
      stderr,
      /^criproxy: there is no admin socket .*admin\.sock: the daemon does not run \(systemctl status criproxy\)/,
    );
    await proxy.start();
  });
}

test('criproxy status', needs('root', 'demo', 'terminal'), async t => {
  const lab = await startLab(t.teardown);
  await checkForms(t, lab);
  await checkTerminal(t, lab);
  await checkChanges(t, lab);
});
