import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { makeFolder } from '../daemon/daemon.ts';
import { endOf, spawnTied, waitFor } from '../support/child.ts';
import { proxyCommand } from '../support/proxy.ts';
import { openNotifySocket } from './notify-socket.ts';

/** Starts a program as systemd does, with a datagram socket as file descriptor 3. Perl is on every Debian. */
const handOver = `
use Socket; use POSIX;
$^F = 100;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die;
bind($socket, pack_sockaddr_un(shift)) or die;
POSIX::dup2(fileno($socket), 3) if fileno($socket) != 3;
$ENV{LISTEN_FDS} = 1;
$ENV{LISTEN_PID} = $$;
exec @ARGV or die;
`;

interface Started {
  readonly messages: readonly string[];
  readonly log: () => string;
  readonly child: ReturnType<typeof spawnTied>;
  /** Ends systemd's side. */
  readonly close: () => void;
  readonly said: (pattern: RegExp) => Promise<string>;
}

/** The daemon with such a socket, and without a program systemd-notify. */
async function start(t: Test, env: Readonly<Record<string, string>>, isHandedOver = true): Promise<Started> {
  const folder = makeFolder(t);
  const systemd = await openNotifySocket(folder);
  t.teardown(systemd.close);
  const socket = join(folder, 'criproxy.sock');
  const flags = ['-connect', join(folder, 'r.sock'), '-listen', socket, '-stateDir=', '-v', '1'];
  const [command, args] = proxyCommand(flags);
  const giver = isHandedOver ? ['/usr/bin/perl', '-e', handOver, join(folder, 'own')] : [];
  const child = spawnTied('env', ['PATH=/nowhere', ...giver, command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NOTIFY_SOCKET: systemd.path, ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr!.setEncoding('utf8').on('data', text => {
    log += text;
  });
  await waitFor(`the socket: ${log}`, () => existsSync(socket) || undefined);
  const said = (pattern: RegExp) =>
    waitFor(`${pattern} in ${systemd.messages.join(' | ')}: ${log}`, () =>
      systemd.messages.find(message => pattern.test(message)),
    );
  return { messages: systemd.messages, log: () => log, child, close: systemd.close, said };
}

test('messages come from the daemon itself, which asks to be watched once it is ready', async t => {
  const { messages, log, child, said } = await start(t, { CRIPROXY_WATCHDOG_SEC: '2' });
  t.ok(await said(/^WATCHDOG=1/));
  t.match(messages, [/^READY=1 STATUS=serving CRI on /, /^WATCHDOG_USEC=2000000$/, /^(WATCHDOG|STATUS)/]);
  const ended = endOf(child);
  child.kill('SIGTERM');
  t.ok(await said(/^STOPPING=1 STATUS=finishing the calls in flight$/));
  t.same(await ended, { code: 0, signal: null });
  t.notMatch(log(), 'systemd-notify');
});

test('the time that the unit sets is not changed', async t => {
  const { messages, said } = await start(t, { CRIPROXY_WATCHDOG_SEC: '60', WATCHDOG_USEC: '1500000' });
  t.ok(await said(/^WATCHDOG=1/));
  t.notMatch(messages.join(), 'WATCHDOG_USEC');
});

test('without such a socket systemd is not asked to watch, and the log says so', async t => {
  const { log, child } = await start(t, { CRIPROXY_WATCHDOG_SEC: '2' }, false);
  await waitFor('the log', () => /systemd does not watch the daemon: .*ListenDatagram=/.test(log()) || undefined);
  t.equal(child.exitCode, null);
});

test('a systemd that accepts no more messages is reported once, and the daemon continues', async t => {
  const { log, child, said, close } = await start(t, { CRIPROXY_WATCHDOG_SEC: '1' });
  t.ok(await said(/^WATCHDOG=1/));
  close();
  const told = () => log().split('systemd was not told how the service is doing: ECONNREFUSED').length - 1;
  await waitFor('the warning', () => told() === 1 || undefined);
  await new Promise(resolve => setTimeout(resolve, 1_500));
  t.equal(told(), 1);
  t.equal(child.exitCode, null);
});
