import { failed, type SetupError } from './error.ts';
import type { Host, RuntimeAnswer } from './host.ts';

export const SERVICE = 'criproxy.service';
export const DOCKERSHIM = 'dockershim.service';

export interface DaemonOptions {
  /** The daemon's socket. */
  readonly listen: string;
  /** The program before an upgrade, to go back to when the new one does not serve. */
  readonly fallBack: string | undefined;
  /** How long it may take to answer, in ms. */
  readonly patience: number;
}

/** The daemon before a change. `serves`: it answers Version and ImageFsInfo through its primary runtime. */
export interface DaemonState {
  readonly isActive: boolean;
  readonly serves: boolean;
}

export async function observeDaemon(host: Host, listen: string): Promise<DaemonState> {
  const { active } = await host.serviceState(SERVICE);
  const isActive = active === 'active';
  const answers = () =>
    host.probe(listen, 3_000).then(
      () => true,
      () => false,
    );
  return { isActive, serves: isActive && (await answers()) };
}

/** The daemon ends and is started again, for good: nothing will come of waiting. */
const MANY_RESTARTS = 3;

/** Resolves with what the daemon itself answers, not another process on its socket; throws the last error in words. */
async function waitForAnswer(host: Host, { listen, patience }: DaemonOptions): Promise<RuntimeAnswer> {
  const start = performance.now();
  for (;;) {
    const left = patience - (performance.now() - start);
    const answer = await host.probe(listen, Math.max(Math.min(left, 1_000), 1)).catch((fault: Error) => fault);
    const { active, restarts } = await host.serviceState(SERVICE);
    if (active === 'active' && restarts === 0 && !(answer instanceof Error)) return answer;
    if (restarts >= MANY_RESTARTS) throw new Error(`it ended ${restarts} times`);
    if (left <= 0) throw answer instanceof Error ? answer : new Error(`somebody else answers, and it is ${active}`);
    await host.sleep(200);
  }
}

/** Waits until the daemon answers; throws a SetupError if it does not, with the end of its log. */
export async function assertServes(host: Host, options: DaemonOptions): Promise<string> {
  try {
    const { name, version } = await waitForAnswer(host, options);
    return `it answers for ${name} ${version}`;
  } catch (fault) {
    const log = await host.readLog(SERVICE);
    throw failed(
      options.listen,
      `criproxy does not answer through its primary runtime: ${(fault as Error).message}${quoteLog(log)}`,
      'see that the primary runtime runs, then try again',
    );
  }
}

/** The end of a log, below the sentence that speaks of it. */
export function quoteLog(log: string): string {
  return log === '' ? '' : `; its log ends with:\n${log.replace(/^/gm, '    ')}`;
}

/** How to go back: the daemon as it was `before`, for its old files and, after an upgrade, with its old program. */
export function undoDaemon(host: Host, before: DaemonState, { fallBack }: DaemonOptions): () => Promise<void> {
  return async () => {
    if (!before.isActive) return host.systemctl('stop', SERVICE);
    if (before.serves && fallBack !== undefined) host.restoreProgram(fallBack);
    return host.systemctl('restart', SERVICE);
  };
}

/**
 * Starts or restarts the daemon. With `isDue` it must answer, else a SetupError is thrown; without, that it does not is
 * only spoken of: nothing depends on it yet, or its primary runtime was down before.
 */
export async function startDaemon(
  host: Host,
  before: DaemonState,
  options: DaemonOptions,
  isDue: boolean,
): Promise<string> {
  await host.systemctl('restart', SERVICE);
  const verb = before.isActive ? 'restarted' : 'started';
  if (isDue) return `${verb} criproxy: ${await assertServes(host, options)}`;
  const soon = { ...options, patience: Math.min(options.patience, 3_000) };
  return `${verb} criproxy: ${await assertServes(host, soon).catch((fault: SetupError) => fault.saw)}`;
}
