import { quoteLog } from './daemon.ts';
import { sameEndpoint } from './endpoint.ts';
import { failed } from './error.ts';
import type { Host } from './host.ts';
import { findEndpoints, KUBELET_UNIT } from './kubelet.ts';

/** The endpoint that a running kubelet was really started with; undefined if it has ended, or has the default. */
function readRunningEndpoint(host: Host, pid: number): string | undefined {
  const origin = { file: `/proc/${pid}/cmdline`, syntax: 'unit', key: 'ExecStart' } as const;
  const words = host.readArguments(pid) ?? [];
  const args = words.map(text => ({ text, origin }));
  return findEndpoints(host.files, { args, minor: undefined, folder: '/' }).endpoint?.value;
}

const STEP = 250;

/** Waits until the kubelet says that it is healthy, which it is only once its runtime has answered; at most `settle` ms. */
async function waitUntilSettled(host: Host, settle: number): Promise<number> {
  let pid = 0;
  for (let waited = 0; waited < settle; waited += STEP) {
    await host.sleep(STEP);
    const now = await host.serviceState(KUBELET_UNIT);
    if (now.active !== 'active' || now.pid === 0 || (pid !== 0 && now.pid !== pid)) {
      const log = quoteLog(await host.readLog(KUBELET_UNIT));
      throw failed(KUBELET_UNIT, `the kubelet does not stay up${log}`, 'see journalctl -u kubelet');
    }
    pid = now.pid;
    if (await host.isKubeletHealthy()) break;
  }
  return pid;
}

function assertUses(host: Host, pid: number, endpoint: string): void {
  const running = readRunningEndpoint(host, pid);
  if (running !== undefined && sameEndpoint(running, endpoint)) return;
  throw failed(
    KUBELET_UNIT,
    `it was restarted, and uses ${running ?? 'its default endpoint'}`,
    'see systemctl cat kubelet',
  );
}

/**
 * Restarts the kubelet, unless it is stopped, and waits, at most `settle` ms, until it is healthy or has stayed up, and uses `endpoint`. One that
 * did not run well before is not waited for. Calls `onRestart` before. Returns what was done; throws a SetupError.
 */
export async function restartKubelet(
  host: Host,
  endpoint: string | undefined,
  settle: number,
  onRestart: () => void,
): Promise<string> {
  const before = await host.serviceState(KUBELET_UNIT);
  if (before.active === 'inactive') return 'the kubelet does not run: it was not started';
  onRestart();
  await host.systemctl('restart', KUBELET_UNIT);
  if (before.active !== 'active') return 'restarted the kubelet, which did not run well before';
  const pid = await waitUntilSettled(host, settle);
  if (endpoint !== undefined) assertUses(host, pid, endpoint);
  return 'restarted the kubelet';
}
