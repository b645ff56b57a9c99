/** The settings that systemd passes to a service: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). */
export interface SystemdEnvironment {
  /** The socket for notifications; undefined without one. */
  readonly notifySocket: string | undefined;
  /** The time after which systemd misses a sign of life, in ms; undefined without a watchdog. */
  readonly watchdog: number | undefined;
  /** The watchdog time that the process is to request, in ms; undefined: none. */
  readonly ownWatchdog: number | undefined;
  /** The sockets that systemd listens on for this process. */
  readonly listenFds: readonly number[];
}

const FIRST_FD = 3;

/** Set in the unit, in seconds, as WatchdogSec=. */
const OWN_WATCHDOG = 'CRIPROXY_WATCHDOG_SEC';

const variables = [
  OWN_WATCHDOG,
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
];

/** Reads the settings for this process, and removes them from `env`, so that no child takes them for its own. */
export function takeEnvironment(env: NodeJS.ProcessEnv, pid: number): SystemdEnvironment {
  const read = (name: string) => env[name] || undefined;
  const isForUs = (name: string) => (read(name) ?? String(pid)) === String(pid);
  const watchdog = readCount(read('WATCHDOG_USEC'));
  const ownWatchdog = readCount(read(OWN_WATCHDOG));
  const fds = read('LISTEN_PID') !== undefined && isForUs('LISTEN_PID') ? readCount(read('LISTEN_FDS')) : 0;
  const found = {
    notifySocket: read('NOTIFY_SOCKET'),
    watchdog: watchdog > 0 && isForUs('WATCHDOG_PID') ? watchdog / 1000 : undefined,
    ownWatchdog: ownWatchdog > 0 ? ownWatchdog * 1000 : undefined,
    listenFds: Array.from({ length: fds }, (_, index) => FIRST_FD + index),
  };
  for (const name of variables) delete env[name];
  return found;
}

/** A number that is written as nothing but digits; 0 for anything else. */
function readCount(text: string | undefined): number {
  return /^\d{1,15}$/.test(text ?? '') ? Number(text) : 0;
}
