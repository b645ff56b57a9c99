import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import type { ReportFault } from '../../base/own-fault.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import type { SystemdEnvironment } from '../../systemd/environment.ts';
import type { Notifier } from '../../systemd/notifier.ts';
import { statusText } from '../status/status-text.ts';
import type { Listener } from './listener.ts';
import { callSelf } from './self-call.ts';
import { startWatchdog } from './watchdog.ts';

export interface SupervisorOptions {
  readonly environment: SystemdEnvironment;
  readonly notifier: Notifier;
  readonly listener: Listener;
  readonly listen: string;
  readonly userAgent: string;
  readonly reportFault: ReportFault;
  /** As they are now. */
  readonly runtimes: () => readonly Runtime[];
  readonly log: Logger;
}

/** The messages to systemd about a proxy that serves. */
export interface Supervisor {
  /** A runtime's state, or the set of them, has changed. */
  changed(): void;
  /** A reload begins; `reloaded` follows, whether or not it went well. */
  reloading(): void;
  reloaded(): void;
  /** The proxy takes no more calls, and finishes the calls in flight. */
  stopping(): void;
}

/** Tells systemd that the proxy serves, and from then on that it still does, its state in words, and that it reloads or stops. */
export function supervise(options: SupervisorOptions): Supervisor {
  const { environment, notifier, listen, log } = options;
  let isStopping = false;
  const changed = () => {
    if (!isStopping) notifier.status(statusText(listen, options.runtimes()));
  };
  const patience = watchdogOf(options);
  if (patience !== undefined) {
    const check = async (timeout: number) => {
      // The socket is closed then, while systemd still looks.
      if (!isStopping) await checkSelf(options, timeout);
    };
    startWatchdog({ patience, check, alive: () => notifier.alive(), log });
  }
  const serving = () => {
    changed();
    notifier.ready();
  };
  serving();
  if (patience !== undefined && environment.watchdog === undefined) notifier.watch(patience);
  return {
    changed,
    reloading: () => notifier.reloading(),
    reloaded: serving,
    stopping() {
      isStopping = true;
      notifier.status('finishing the calls in flight');
      notifier.stopping();
    },
  };
}

/**
 * How long systemd is to wait for a sign of life, in ms. Where the unit does not say it, systemd is asked by the same messages as
 * bring the signs: if it takes none, it does not wait for any, and kills nothing that is well.
 */
function watchdogOf({ environment, notifier, log }: SupervisorOptions): number | undefined {
  const { notifySocket, watchdog, ownWatchdog } = environment;
  if (notifySocket === undefined) return undefined;
  if (watchdog !== undefined || ownWatchdog === undefined) return watchdog;
  if (notifier.speaksItself) return ownWatchdog;
  log.info(Level.State, 'systemd does not watch the daemon: for that the socket unit must have a ListenDatagram=');
  return undefined;
}

async function checkSelf(options: SupervisorOptions, timeout: number): Promise<void> {
  const { listen, userAgent, reportFault, listener, log } = options;
  try {
    await callSelf(listen, timeout, { userAgent, report: reportFault });
  } catch (fault) {
    // This process cannot mend it: a new process would inherit the same socket, and connected clients would lose their connections.
    if (!listener.isInherited || (fault as NodeJS.ErrnoException).code !== 'ENOENT') throw fault;
    log.warn(`${listen} is gone, and no client can connect: systemctl restart criproxy.socket`);
  }
}
