import { dirname, join } from 'node:path';
import { test } from 'tap';
import type { Finding } from '../../src/doctor/finding.ts';
import { waitFor } from '../support/child.ts';
import { startContainerd } from '../support/containerd.ts';
import { proxyCommand, runProxy, startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';
import { openTerminal } from '../support/terminal.ts';

test('criproxy doctor', needs('root', 'demo', 'terminal'), async t => {
  const containerd = await startContainerd();
  t.teardown(() => containerd.stop());
  const gone = join(containerd.dir, 'none.sock');
  const proxy = await startProxy({ connect: `${containerd.socketPath},gone:${gone}` });
  t.teardown(() => proxy.remove());
  const socket = join(dirname(proxy.socketPath), 'state', 'admin.sock');
  const command = (...more: readonly string[]) => ['doctor', '--admin-socket', socket, ...more];
  const examine = async () => {
    const { code, stdout } = await runProxy(command('-o', 'json'));
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    return { code, of: (check: string) => findings.find(finding => finding.check === check) };
  };

  await t.test('healthy parts and faults of a node', async t => {
    const { code, of } = await examine();
    t.equal(code, 3, 'this may be no node');
    for (const check of [
      'daemon',
      'daemon-cri',
      'runtime-primary',
      'cgroup-driver',
      'socket-cri',
      'socket-admin',
      'state',
    ]) {
      t.equal(of(check)?.severity, 'ok', check);
    }
    t.match(of('daemon-cri')?.what, /^CRI is answered on .*criproxy\.sock, for containerd /);
    t.match(of('runtime-primary')?.what, /^the primary runtime is up: containerd .*, serves runtime\.v1,/);
    t.match(of('cgroup-driver')?.what, /^the cgroup driver is cgroupfs everywhere$/, "as containerd's own default is");
    const unseen = of('runtime-gone');
    t.match(unseen, { severity: 'ok', isAside: true, means: /remove it from -connect/ });
    t.match(unseen?.what, /^runtime gone is not seen yet: there is no socket at .*none\.sock/);
  });

  await t.test('in a terminal of 80 columns', async t => {
    const [program, args] = proxyCommand(command());
    const terminal = await openTerminal([program, ...args], { rows: 60 });
    t.teardown(() => terminal.close());
    t.equal(await waitFor('its end', () => terminal.exitStatus()), 3);
    const screen = terminal.screen();
    t.comment(`\n${screen.join('\n')}`);
    t.ok(screen.some(line => /^ok {4}the daemon runs: criproxy /.test(line)));
    t.notOk(
      screen.some(line => /runtime gone/.test(line)),
      'a runtime that was never there is no news',
    );
    t.match(screen.at(-1), /^\d+ ok, \d+ warnings?, \d+ failures?$/);
  });

  await t.test('through a pipe: no escape codes, and --all explains checks that are ok', async t => {
    const short = await runProxy(command());
    t.notMatch(short.stdout, '\x1b');
    t.notMatch(short.stdout, /it answers on/);
    const all = await runProxy(command('--all'));
    t.match(all.stdout, /it answers on/);
    t.match(all.stdout, /^ok {4}runtime gone is not seen yet: /m);
  });

  await t.test('a primary that is down', async t => {
    await containerd.kill();
    const { of } = await waitFor('it to be noticed', async () => {
      const examined = await examine();
      return examined.of('runtime-primary')?.severity === 'fail' ? examined : undefined;
    });
    t.match(of('runtime-primary')?.mend[0], 'systemctl restart containerd');
    t.equal(of('daemon')?.severity, 'ok');
    t.equal(of('daemon-cri')?.severity, 'fail');
    t.match(of('daemon-cri')?.what, /: the primary runtime is down$/);
  });

  await t.test('without the daemon', async t => {
    await proxy.stop();
    const { code, of } = await examine();
    t.equal(code, 4);
    t.match(of('daemon')?.what, /^there is no admin socket /);
    t.match(of('daemon')?.mend[0], 'systemctl start criproxy.service');
  });
});
