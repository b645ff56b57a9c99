/** What systemd tells a service that it starts: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). */
export interface SystemdEnvironment {
  /** Where it takes notifications; undefined: nobody does. */
  readonly notifySocket: string | undefined;
  /** How long it waits for a sign of life, in ms; undefined: it does not look. */
  readonly watchdog: number | undefined;
  /** How long it is to be asked to wait, by the process itself, in ms; undefined: it is not to be asked. */
  readonly ownWatchdog: number | undefined;
  /** The sockets that it listens on for this process. */
  readonly listenFds: readonly number[];
}

const FIRST_FD = 3;

/** Of the unit; in seconds, as WatchdogSec=. */
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

/** Reads what systemd has told this process, and takes it out of `env`: a child must not think that it was meant. */
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
