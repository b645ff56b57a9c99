import type { Host, Restart, RuntimeAnswer } from './host.ts';
import { failed, type SetupError } from './setup-error.ts';

export const SERVICE = 'criproxy.service';
/** Holds the daemon's socket while the daemon is restarted. */
export const SOCKET = 'criproxy.socket';
export const DOCKERSHIM = 'dockershim.service';

export interface DaemonOptions {
  /** The daemon's socket. */
  readonly listen: string;
  /** The program before an upgrade, to go back to when the new one does not serve. */
  readonly fallBack: string | undefined;
  /** How long it may take to answer, in ms. */
  readonly patience: number;
}

/**
 * The daemon before a change. `hasSocket`: systemd listens for it. `serves`: it answers Version and ImageFsInfo through its
 * primary runtime.
 */
export interface DaemonState {
  readonly isActive: boolean;
  readonly pid: number;
  readonly hasSocket: boolean;
  readonly serves: boolean;
}

async function isActive(host: Host, unit: string): Promise<boolean> {
  return (await host.serviceState(unit)).active === 'active';
}

export async function observeDaemon(host: Host, listen: string): Promise<DaemonState> {
  const { active, pid } = await host.serviceState(SERVICE);
  const runs = active === 'active';
  const answers = () =>
    host.probe(listen, 3_000).then(
      () => true,
      () => false,
    );
  return { isActive: runs, pid, hasSocket: await isActive(host, SOCKET), serves: runs && (await answers()) };
}

/** The states of the daemon's units, as systemd's ActiveState; undefined where systemd does not run. */
export async function readUnits(host: Host): Promise<Readonly<Record<string, string>> | undefined> {
  if (host.noServices !== undefined) return undefined;
  const states = [SERVICE, SOCKET].map(async unit => [unit, (await host.serviceState(unit)).active] as const);
  return Object.fromEntries(await Promise.all(states));
}

/** The daemon ends and is started again, for good: nothing will come of waiting. */
const MANY_RESTARTS = 3;

class DaemonEnds extends Error {}

/** Resolves with the answer of the daemon itself, not of another process on its socket; throws the last error in words. */
async function waitForAnswer(host: Host, { listen, patience }: DaemonOptions): Promise<RuntimeAnswer> {
  const start = performance.now();
  const { restarts: first } = await host.serviceState(SERVICE); // of an earlier program, as long as it was not stopped
  for (;;) {
    const left = patience - (performance.now() - start);
    const answer = await host.probe(listen, Math.max(Math.min(left, 1_000), 1)).catch((fault: Error) => fault);
    const { active, restarts } = await host.serviceState(SERVICE);
    if (active === 'active' && restarts === first && !(answer instanceof Error)) return answer;
    if (restarts >= first + MANY_RESTARTS) throw new DaemonEnds(`it ended ${restarts - first} times`);
    if (left <= 0)
      throw answer instanceof Error ? answer : new Error(`another server answers, and criproxy.service is ${active}`);
    await host.sleep(200);
  }
}

/**
 * Waits until the daemon answers; throws a SetupError if it does not, with the end of its log, that of a restart alone if
 * it was restarted.
 */
export async function assertServes(host: Host, options: DaemonOptions, restart?: Restart): Promise<string> {
  try {
    const { name, version } = await waitForAnswer(host, options);
    return `it answers for ${name} ${version}`;
  } catch (fault) {
    const log = quoteLog(await host.readLog(SERVICE, restart));
    if (fault instanceof DaemonEnds || !(await isActive(host, SERVICE)))
      throw failed(SERVICE, `the daemon does not stay up: ${(fault as Error).message}${log}`, MEND_DAEMON);
    const saw = `criproxy does not answer through its primary runtime: ${(fault as Error).message}${log}`;
    throw failed(options.listen, saw, 'see that the primary runtime runs, then try again');
  }
}

const MEND_DAEMON =
  'see journalctl -u criproxy, mend the fault that it names or install another version, then try again';

/** The end of a log, below the sentence that speaks of it. */
export function quoteLog(log: string): string {
  return log === '' ? '' : `; its log ends with:\n${log.replace(/^/gm, '    ')}`;
}

/** How to go back: the daemon as it was `before`, for its old files and, after an upgrade, with its old program and unit. */
export function undoDaemon(host: Host, before: DaemonState, options: DaemonOptions): () => Promise<void> {
  const { fallBack } = options;
  return async () => {
    if (!before.isActive && !before.hasSocket) return stopDaemon(host);
    const isRestored = before.serves && fallBack !== undefined && host.restoreProgram(fallBack);
    if (isRestored) await host.systemctl('daemon-reload');
    // A program from before there was such a unit listens by itself.
    if (!before.hasSocket && (await isActive(host, SOCKET))) await host.systemctl('stop', SOCKET);
    await host.systemctl('restart', SERVICE).catch(() => {}); // how it is after that is looked at
    if (!before.serves) return;
    const fault = await waitForAnswer(host, options).catch((error: Error) => error);
    if (!(fault instanceof Error)) return;
    const program = fallBack === undefined || isRestored ? '' : `, and there is no ${fallBack} to go back to`;
    throw failed(SERVICE, `criproxy, which served before, does not answer: ${fault.message}${program}`, MEND_DAEMON);
  };
}

/** Stops the daemon and, in the same transaction, its socket unit, by which the next call would start it again. */
export async function stopDaemon(host: Host): Promise<void> {
  const { active } = await host.serviceState(SOCKET);
  await host.systemctl('stop', ...(active === 'inactive' ? [] : [SOCKET]), SERVICE);
}

/**
 * Starts or restarts the daemon. With `isDue` it must answer, else a SetupError is thrown. Without it, a missing answer is only
 * mentioned: nothing depends on the daemon yet, or its primary runtime was down before.
 */
export async function startDaemon(
  host: Host,
  before: DaemonState,
  options: DaemonOptions,
  isDue: boolean,
): Promise<string> {
  // systemd would take a socket's path away from a process that listens there.
  if (!before.isActive && !before.hasSocket && (await host.isListening(options.listen))) {
    throw failed(options.listen, 'already in use', 'stop the process that listens there, then try again');
  }
  // Pulls in the socket unit. The code below sees, and explains, that the daemon does not come up.
  const begun = { time: Date.now(), oldPid: before.pid };
  const refusal = await host.systemctl('restart', SERVICE).catch((fault: SetupError) => fault.saw);
  if (isDue && refusal?.includes('is masked'))
    throw failed(SERVICE, refusal, `systemctl unmask ${SERVICE}, then try again`);
  const verb = before.isActive ? 'restarted' : 'started';
  if (isDue) return `${verb} criproxy: ${await assertServes(host, options, begun)}`;
  const soon = { ...options, patience: Math.min(options.patience, 3_000) };
  return `${verb} criproxy: ${await assertServes(host, soon, begun).catch((fault: SetupError) => fault.saw)}`;
}
