import { quoteLog } from './daemon.ts';
import type { Host, Restart, ServiceState } from './host.ts';
import { KUBELET_UNIT } from './kubelet.ts';
import type { Rollback } from './rollback.ts';
import { describeConnections, findRunningKubelet, usesSocket } from './running-kubelet.ts';
import { failed } from './setup-error.ts';

const STEP = 250;

/** A kubelet that is up may take this many times `settle` until it is connected to its runtime. */
const CONNECT_FACTOR = 3;

async function quoteKubelet(host: Host, unit: string, restart: Restart): Promise<string> {
  return quoteLog(await host.readLog(unit, restart));
}

/** Waits until the kubelet says that it is healthy, which it is only once its runtime has answered; at most `settle` ms. */
async function waitUntilSettled(host: Host, unit: string, settle: number, restart: Restart): Promise<void> {
  let pid = 0;
  for (let waited = 0; waited < settle; waited += STEP) {
    await host.sleep(STEP);
    const now = await host.serviceState(unit);
    if (now.active !== 'active' || now.pid === 0 || (pid !== 0 && now.pid !== pid)) {
      const log = await quoteKubelet(host, unit, restart);
      throw failed(unit, `the kubelet does not stay up${log}`, `see journalctl -u ${unit}`);
    }
    pid = now.pid;
    if (await host.isKubeletHealthy()) return;
  }
}

/** Waits for the kubelet's own connection to a socket. Returns the proof in words; throws a SetupError. */
async function waitUntilUsed(
  host: Host,
  unit: string,
  socket: string,
  settle: number,
  restart: Restart,
): Promise<string> {
  for (let waited = 0; ; waited += STEP) {
    const kubelet = findRunningKubelet(host, undefined, unit);
    const uses = kubelet === undefined ? 'no' : usesSocket(kubelet, socket);
    if (uses === 'yes' && kubelet?.connections !== undefined) return `it is connected to ${socket}`;
    if (uses === 'yes') return `its arguments and files name ${socket}`;
    if (uses === 'unknown')
      throw failed(
        unit,
        `whether the kubelet uses ${socket} cannot be told: its arguments name no endpoint, and ss does not run`,
        'install iproute2, which has ss, and try again',
      );
    if (waited >= settle * CONNECT_FACTOR) {
      const does = kubelet === undefined ? 'it does not run' : describeConnections(kubelet);
      const saw = `it was restarted, and does not use ${socket}: ${does}${await quoteKubelet(host, unit, restart)}`;
      throw failed(unit, saw, `see systemctl cat ${unit}, and journalctl -u ${unit}`);
    }
    await host.sleep(STEP);
  }
}

/** Restarts the kubelet for a socket (undefined: for any); returns the steps that were done. Throws a SetupError. */
export type RestartKubelet = (socket: string | undefined) => Promise<string>;

/**
 * Makes the function that restarts the kubelet, unless it is stopped, and waits, at most `settle` ms, until it is healthy or has stayed
 * up, and then until it is connected to the socket. For a kubelet that did not run well before, its state is told, and is no failure;
 * else a SetupError has the end of the kubelet's log. Going back, the kubelet is restarted again once its old files are in place, and
 * must stay up as it did before.
 */
export function undoableRestart(host: Host, unit: string, rollback: Rollback, settle: number): RestartKubelet {
  const name = unit === KUBELET_UNIT ? 'the kubelet' : `the kubelet, ${unit}`;
  let before: ServiceState | undefined;
  const restart = async (socket: string | undefined) => {
    const begun = { time: Date.now(), oldPid: before?.pid ?? 0 };
    await host.systemctl('restart', unit);
    await waitUntilSettled(host, unit, settle, begun);
    return socket === undefined ? '' : `: ${await waitUntilUsed(host, unit, socket, settle, begun)}`;
  };
  rollback.push(async () => {
    if (host.noServices !== undefined) return;
    await host.systemctl('daemon-reload');
    if (before === undefined) return;
    await restart(undefined).catch((fault: unknown) => {
      if (before?.active === 'active') throw fault;
    });
  });
  return async socket => {
    const now = await host.serviceState(unit);
    if (now.active === 'inactive') return 'the kubelet does not run: it was not started';
    before = now;
    if (before.active === 'active') return `restarted ${name}${await restart(socket)}`;
    const said = await restart(socket).catch((fault: Error) => `; it does not now either: ${fault.message}`);
    return `restarted ${name}, which did not run well before${said}`;
  };
}
