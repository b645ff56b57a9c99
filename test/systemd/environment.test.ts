import { test } from 'tap';
import { type SystemdEnvironment, takeEnvironment } from '../../src/systemd/environment.ts';

const PID = 42;
const nothing: SystemdEnvironment = {
  notifySocket: undefined,
  watchdog: undefined,
  ownWatchdog: undefined,
  listenFds: [],
};

interface Row {
  readonly env: Readonly<Record<string, string>>;
  readonly gives: Partial<SystemdEnvironment>;
}

const rows: readonly Row[] = [
  { env: {}, gives: {} },
  { env: { NOTIFY_SOCKET: '/run/systemd/notify' }, gives: { notifySocket: '/run/systemd/notify' } },
  { env: { NOTIFY_SOCKET: '@abstract' }, gives: { notifySocket: '@abstract' } },
  { env: { NOTIFY_SOCKET: '' }, gives: {} },
  { env: { WATCHDOG_USEC: '60000000' }, gives: { watchdog: 60_000 } },
  { env: { WATCHDOG_USEC: '60000000', WATCHDOG_PID: '42' }, gives: { watchdog: 60_000 } },
  { env: { WATCHDOG_USEC: '60000000', WATCHDOG_PID: '41' }, gives: {} },
  { env: { WATCHDOG_USEC: '0' }, gives: {} },
  { env: { WATCHDOG_USEC: 'soon' }, gives: {} },
  { env: { WATCHDOG_USEC: '-1' }, gives: {} },
  { env: { CRIPROXY_WATCHDOG_SEC: '60' }, gives: { ownWatchdog: 60_000 } },
  { env: { CRIPROXY_WATCHDOG_SEC: '0' }, gives: {} },
  { env: { CRIPROXY_WATCHDOG_SEC: '1min' }, gives: {} },
  { env: { LISTEN_FDS: '1', LISTEN_PID: '42' }, gives: { listenFds: [3] } },
  { env: { LISTEN_FDS: '2', LISTEN_PID: '42', LISTEN_FDNAMES: 'a:b' }, gives: { listenFds: [3, 4] } },
  { env: { LISTEN_FDS: '1', LISTEN_PID: '41' }, gives: {} },
  { env: { LISTEN_FDS: '1' }, gives: {} },
  { env: { LISTEN_FDS: '0', LISTEN_PID: '42' }, gives: {} },
  { env: { LISTEN_FDS: 'x', LISTEN_PID: '42' }, gives: {} },
];

for (const { env, gives } of rows) {
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  test(words.join(' ') || 'without systemd', async t => {
    const given: NodeJS.ProcessEnv = { ...env, PATH: '/bin' };
    t.same(takeEnvironment(given, PID), { ...nothing, ...gives });
    t.same(given, { PATH: '/bin' }, 'children get nothing of it');
  });
}
