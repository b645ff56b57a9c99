import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { layouts } from '../setup/layouts.ts';
import { spawnTied, waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, importPause, type KubeletNode } from './kubelet-node.ts';
import type { SteadyCalls } from './steady-calls.ts';

const options = needs('root', 'node', 'packages');
const socket = '/run/criproxy.sock';
const install = 'dpkg -i /opt/packages/criproxy.deb';

/** Kubernetes 1.31, with the endpoint in config.yaml. */
const modern = layouts[10]!;

async function bootWith(t: Test, package_: string): Promise<KubeletNode> {
  const node = await bootKubeletNode(modern);
  t.teardown(() => node.remove());
  node.must(package_);
  return node;
}

function show(node: KubeletNode, property: string, unit = 'criproxy.service'): string {
  return node.must(`systemctl show -P ${property} ${unit}`).trim();
}

interface Load {
  /** Resolves when so many hundred more calls are answered. */
  readonly hundreds: (count: number) => Promise<unknown>;
  readonly stop: () => Promise<SteadyCalls>;
}

/** Calls the node's socket 200 times a second until it is stopped. */
function callSteadily(node: KubeletNode): Load {
  const program = join(import.meta.dirname, 'steady-calls.ts');
  const child = spawnTied(process.execPath, [program, node.path(socket), '200'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout!.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const lines = () => said.split('\n').length - 1;
  return {
    hundreds: count => {
      const enough = lines() + count;
      return waitFor(`${count}00 more answers`, () => lines() >= enough || undefined);
    },
    stop: async () => {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
      return JSON.parse(said.slice(said.lastIndexOf('\n') + 1));
    },
  };
}

test('restarted five times under 200 calls a second, no call fails', options, async t => {
  const node = await bootWith(t, install);
  const { hundreds, stop } = callSteadily(node);
  await hundreds(2);
  const pids = new Set<string>();
  for (let count = 0; count < 5; count++) {
    node.must('systemctl restart criproxy');
    pids.add(show(node, 'MainPID'));
    await hundreds(1);
  }
  const { calls, failed, longest } = await stop();
  t.comment(`${calls} calls, ${failed.length} failed, the longest took ${longest} ms`);
  t.equal(pids.size, 5, 'each time it was another process');
  t.same(failed, []);
  t.equal(node.must('systemctl list-units --failed --no-legend'), '');
});

test('upgraded under 200 calls a second, no call fails', options, async t => {
  const node = await bootWith(t, install);
  const before = show(node, 'MainPID');
  const { hundreds, stop } = callSteadily(node);
  await hundreds(1);
  node.must('dpkg -i /opt/packages/criproxy-next.deb');
  await hundreds(1);
  const { calls, failed, longest } = await stop();
  t.comment(`${calls} calls, ${failed.length} failed, the longest took ${longest} ms`);
  t.not(show(node, 'MainPID'), before);
  t.same(failed, []);
});

test('upgraded from a package without the socket unit, the pod runs on', options, async t => {
  const node = await bootWith(t, 'true');
  importPause(node);
  node.must('dpkg -i /opt/packages/criproxy-exec.deb');
  t.equal(show(node, 'Type'), 'exec');
  const id = await node.runPod(socket);
  const starts = node.starts();
  const upgraded = node.run(install);
  t.equal(upgraded.status, 0, upgraded.stderr);
  t.same([show(node, 'Type'), show(node, 'ActiveState', 'criproxy.socket')], ['notify', 'active']);
  t.same(await node.listPods(socket), [id]);
  t.equal(node.starts(), starts, 'the kubelet was not restarted');
  t.equal(node.must('systemctl is-enabled criproxy.socket criproxy.service'), 'enabled\nenabled\n');
  t.comment(`longest time without an answer: ${node.kubelet()!.outage} ms`);
});

test(
  'upgraded from such a package to a program that does not run, the old one serves with its old unit',
  options,
  async t => {
    const node = await bootWith(t, 'dpkg -i /opt/packages/criproxy-exec.deb');
    const starts = node.starts();
    const { status, stderr } = node.run('dpkg -i /opt/packages/criproxy-broken.deb');
    t.equal(status, 1);
    t.match(stderr, /it failed; the node is as it was/);
    t.same([show(node, 'Type'), show(node, 'ActiveState', 'criproxy.socket')], ['exec', 'inactive']);
    t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
    t.same(await node.listPods(socket), []);
    t.equal(node.starts(), starts, 'the kubelet was not restarted');
    const mended = node.run(install);
    t.equal(mended.status, 0, mended.stderr);
    t.same([show(node, 'Type'), show(node, 'ActiveState', 'criproxy.socket')], ['notify', 'active']);
  },
);

test('the daemon does not get the variables of a monitoring agent', options, async t => {
  const node = await bootWith(t, install);
  const agent = {
    NODE_OPTIONS: '--require=/nowhere/agent.cjs',
    PKG_EXECPATH: 'PKG_INVOKE_NODEJS',
    LD_PRELOAD: '/nowhere/agent.so',
  };
  for (const [name, value] of Object.entries(agent)) node.must(`systemctl set-environment ${name}=${value}`);
  node.must('systemctl restart criproxy');
  const environment = node.must(`tr '\\0' '\\n' < /proc/${show(node, 'MainPID')}/environ`);
  t.match(environment, /^PATH=/m);
  for (const name of Object.keys(agent)) t.notMatch(environment, name);
  t.same(await node.listPods(socket), [], 'it serves');
});

test('ready means that it serves, and the status says how', options, async t => {
  const node = await bootWith(t, install);
  const status = (text: string) => waitFor(`"${text}"`, () => (show(node, 'StatusText') === text ? text : undefined));
  t.ok(await status(`serving CRI on ${socket}, 1 of 2 runtimes up; not seen yet: virtlet.cloud`));
  node.must('systemctl stop containerd');
  t.ok(await status(`serving CRI on ${socket}, 0 of 2 runtimes up; down: primary; not seen yet: virtlet.cloud`));
  // The daemon waits for 2 s for a runtime that takes connections and does not answer.
  node.must(
    `systemd-run --unit=hung /opt/node/node -e "require('net').createServer().listen('/run/virtlet.sock')"; sleep 1`,
  );
  node.must('systemctl restart --no-block criproxy');
  const seen: { state: string; served: number }[] = [];
  const timesServed = () => node.must('journalctl -u criproxy -o cat --no-pager').split('serving CRI on').length - 1;
  await waitFor('the second start', () => {
    const state = show(node, 'ActiveState');
    const served = timesServed();
    seen.push({ state, served });
    return (state === 'active' && served === 2) || undefined;
  });
  const start = seen.findIndex(({ state }) => state === 'activating');
  t.ok(start >= 0, 'it was waited for');
  const early = seen.slice(start).filter(({ state, served }) => state === 'active' && served < 2);
  t.same(early, [], 'never ready before it serves');
});

test('a daemon that hangs is killed and started again; a daemon that waits for a runtime is not', options, async t => {
  const node = await bootWith(t, 'true');
  node.write('/etc/systemd/system/criproxy.service.d/fast.conf', '[Service]\nEnvironment=CRIPROXY_WATCHDOG_SEC=5\n');
  node.must(install);
  node.must('systemctl stop containerd');
  const lastSign = () => Number(show(node, 'WatchdogTimestampMonotonic')) / 1e6;
  const stopped = lastSign();
  await waitFor('signs of life beyond the time of the watchdog', () => lastSign() > stopped + 8 || undefined);
  t.equal(show(node, 'NRestarts'), '0', 'the primary runtime is down for longer than the watchdog waits');
  node.must('systemctl start containerd');
  const pid = show(node, 'MainPID');
  node.must(`kill -STOP ${pid}`);
  await waitFor('another process', () => (show(node, 'NRestarts') === '1' ? true : undefined));
  const client = connect(node.path(socket));
  t.teardown(() => client.close());
  t.match(await client.call('Version', {}, { deadline: 20_000 }), { runtime_name: 'containerd' });
  t.not(show(node, 'MainPID'), pid);
  t.match(node.must('journalctl -u criproxy -o cat --no-pager'), /Watchdog timeout/);
});

test('systemd hears the daemon itself, and watches it', options, async t => {
  const node = await bootWith(t, 'mv /usr/bin/systemd-notify /root');
  node.write('/etc/systemd/system/criproxy.service.d/main.conf', '[Service]\nNotifyAccess=main\n');
  node.must(install);
  t.match(show(node, 'StatusText'), /^serving CRI on /);
  t.same([show(node, 'WatchdogUSec'), show(node, 'NRestarts')], ['1min', '0']);
  const first = show(node, 'WatchdogTimestampMonotonic');
  await waitFor('a sign of life', () => show(node, 'WatchdogTimestampMonotonic') !== first || undefined);
  const children = node.must(`pgrep -P ${show(node, 'MainPID')} || true`);
  t.equal(children, '', 'without a child');
  t.notMatch(node.must('journalctl -o cat --no-pager'), /reception only permitted/);
});

test('a daemon whose messages systemd refuses is not watched, and lives on', options, async t => {
  const node = await bootWith(t, 'true');
  const service = '[Service]\nType=exec\nNotifyAccess=main\nEnvironment=CRIPROXY_WATCHDOG_SEC=2\n';
  node.write('/etc/systemd/system/criproxy.service.d/refused.conf', service);
  // systemd-notify then speaks for the daemon, and systemd does not listen to that process.
  const sockets = '[Socket]\nListenDatagram=\nListenStream=/run/criproxy.sock\n';
  node.write('/etc/systemd/system/criproxy.socket.d/stream.conf', sockets);
  node.must(install);
  await waitFor(
    'a refusal',
    () => /reception only permitted for main PID/.test(node.must('journalctl -o cat --no-pager')) || undefined,
  );
  await sleep(6_000);
  t.same([show(node, 'NRestarts'), show(node, 'ActiveState'), show(node, 'WatchdogUSec')], ['0', 'active', '0']);
  t.match(node.must('journalctl -u criproxy -o cat --no-pager'), /systemd does not watch the daemon/);
  t.match(node.run('criproxy doctor').stdout, 'warn  systemd does not watch the daemon');
});

test('one node', options, async t => {
  const node = await bootWith(t, install);
  await t.test('the settings of the units have their effects', async t => {
    t.match(node.must('criproxy setup status'), /unit +criproxy\.service: active\nunit +criproxy\.socket: active\n/);
    t.equal(node.must('stat -c "%a %U:%G" /var/lib/criproxy /run/criproxy.sock'), '750 root:root\n660 root:root\n');
    t.equal(node.run('systemd-analyze verify --man=no criproxy.service criproxy.socket').stderr, '');
    const pid = show(node, 'MainPID');
    t.same([node.must('pgrep -x criproxy').trim(), node.must('pidof criproxy').trim()], [pid, pid]);
  });

  await t.test('stopping the socket stops both, stopping the service does not last', async t => {
    node.must('systemctl stop criproxy.service');
    await waitFor('the kubelet to start it again', () => (show(node, 'ActiveState') === 'active' ? true : undefined));
    node.must('systemctl stop criproxy.socket');
    await sleep(1_000);
    t.same([show(node, 'ActiveState'), show(node, 'ActiveState', 'criproxy.socket')], ['inactive', 'inactive']);
    t.notOk(existsSync(node.path(socket)), 'a client is refused, and does not wait for ever');
    node.must('systemctl restart criproxy.socket');
    await waitFor('the kubelet to start it again', () => (show(node, 'ActiveState') === 'active' ? true : undefined));
  });

  await t.test('systemctl reload fails where the new configuration is refused, and the service runs on', async t => {
    const pid = show(node, 'MainPID');
    node.must('systemctl reload criproxy');
    const active = () => waitFor('active', () => (show(node, 'ActiveState') === 'active' ? true : undefined));
    t.ok(await active());
    node.write('/etc/criproxy/bad.yaml', 'nonsense: true\n');
    node.write('/etc/default/criproxy', 'CRIPROXY_ARGS="-config /etc/criproxy/config.yaml"\n');
    node.write('/etc/criproxy/config.yaml', 'logLevel: 2\n');
    node.must('systemctl restart criproxy');
    const restarted = show(node, 'MainPID');
    t.not(restarted, pid);
    node.must('mv /etc/criproxy/bad.yaml /etc/criproxy/config.yaml');
    t.not(node.run('systemctl reload criproxy').status, 0);
    t.ok(await active());
    t.equal(show(node, 'MainPID'), restarted);
    t.match(
      node.must('journalctl -u criproxy -o cat --no-pager'),
      /refused, the configuration stays as it was: .*nonsense/,
    );
  });

  await t.test('a socket unit for another path is an error with a remedy', async t => {
    node.write('/etc/default/criproxy', 'CRIPROXY_ARGS="-listen /run/other.sock"\n');
    t.not(node.run('systemctl restart criproxy').status, 0);
    t.match(
      node.must('journalctl -u criproxy -o cat --no-pager'),
      /flag -listen: "\/run\/other\.sock": the socket unit listens at \/run\/criproxy\.sock; make both the same/,
    );
  });
});
