import { quoteLog } from './daemon.ts';
import { failed } from './error.ts';
import type { Host } from './host.ts';
import { KUBELET_UNIT } from './kubelet.ts';
import { describeConnections, findRunningKubelet, usesSocket } from './running-kubelet.ts';

const STEP = 250;

/** A kubelet that is up may take this many times `settle` until it is connected to its runtime. */
const CONNECT_FACTOR = 3;

async function quoteKubelet(host: Host, unit: string): Promise<string> {
  return quoteLog(await host.readLog(unit));
}

/** Waits until the kubelet says that it is healthy, which it is only once its runtime has answered; at most `settle` ms. */
async function waitUntilSettled(host: Host, unit: string, settle: number): Promise<void> {
  let pid = 0;
  for (let waited = 0; waited < settle; waited += STEP) {
    await host.sleep(STEP);
    const now = await host.serviceState(unit);
    if (now.active !== 'active' || now.pid === 0 || (pid !== 0 && now.pid !== pid))
      throw failed(unit, `the kubelet does not stay up${await quoteKubelet(host, unit)}`, `see journalctl -u ${unit}`);
    pid = now.pid;
    if (await host.isKubeletHealthy()) return;
  }
}

/** Waits for the kubelet's own connection to a socket. Returns what proves it; throws a SetupError. */
async function waitUntilUsed(host: Host, unit: string, socket: string, settle: number): Promise<string> {
  for (let waited = 0; ; waited += STEP) {
    const kubelet = findRunningKubelet(host, undefined, unit);
    const uses = kubelet === undefined ? 'no' : usesSocket(kubelet, socket);
    if (uses === 'yes' && kubelet?.connections !== undefined) return `it is connected to ${socket}`;
    if (uses === 'yes') return `it was started with ${socket}`;
    if (uses === 'unknown' || waited >= settle * CONNECT_FACTOR) {
      const does = kubelet === undefined ? 'it does not run' : describeConnections(kubelet);
      const saw = `it was restarted, and does not use ${socket}: ${does}${await quoteKubelet(host, unit)}`;
      throw failed(unit, saw, `see systemctl cat ${unit}, and journalctl -u ${unit}`);
    }
    await host.sleep(STEP);
  }
}

/**
 * Restarts the kubelet, unless it is stopped, and waits, at most `settle` ms, until it is healthy or has stayed up, and then
 * until it is connected to `socket` (undefined: to any). What one does that did not run well before is told, and is no
 * failure. Calls `onRestart` before. Returns what was done; throws a SetupError with the end of the kubelet's log.
 */
export async function restartKubelet(
  host: Host,
  unit: string,
  socket: string | undefined,
  settle: number,
  onRestart: () => void,
): Promise<string> {
  const before = await host.serviceState(unit);
  if (before.active === 'inactive') return 'the kubelet does not run: it was not started';
  onRestart();
  await host.systemctl('restart', unit);
  const prove = async () => {
    await waitUntilSettled(host, unit, settle);
    return socket === undefined ? '' : `: ${await waitUntilUsed(host, unit, socket, settle)}`;
  };
  const name = unit === KUBELET_UNIT ? 'the kubelet' : `the kubelet, ${unit}`;
  if (before.active === 'active') return `restarted ${name}${await prove()}`;
  const now = await prove().catch((fault: Error) => `; it does not now either: ${fault.message}`);
  return `restarted ${name}, which did not run well before${now}`;
}
