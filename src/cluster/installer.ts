import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { askApi } from '../admin/admin-client.ts';
import type { StatusReport } from '../admin/api/status-report.ts';
import { ADMIN_SOCKET } from '../setup/places.ts';
import { attemptOf, clearBlocked, readBlocked, writeBlocked } from './blocked.ts';
import { marksOf, type NodeReport, writeMarks } from './marks.ts';
import { lookAtNode } from './node/look.ts';
import * as release from './node/release.ts';
import { outcomes, type Ports, StepError } from './ports.ts';
import { lookOnly, putOn } from './put-on.ts';
import type { State } from './states.ts';
import { takeOff } from './take-off.ts';

export interface InstallerOptions {
  readonly state: State;
  /** A configuration file in this container; there may be none. */
  readonly config: string;
  /** The pod's uid. */
  readonly pod: string;
  /** A file in this container that is there while the node is as it must be. */
  readonly ready: string;
  /** How often the node is looked at, in ms. */
  readonly interval: number;
}

/** Every so many looks at the daemon, the kubelet is looked at too. */
const KUBELET_EVERY = 6;

/** A step that could not be begun is tried again after so many looks. */
const RETRY_EVERY = 6;

/** Labels and conditions that somebody has changed are written again after this time, in ms: a thousand nodes ask the API server. */
const REFRESH = 300_000;

const actions: Readonly<Record<State, (ports: Ports, config: string | undefined) => Promise<string>>> = {
  present: putOn,
  absent: takeOff,
  look: lookOnly,
};

function readConfig(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fault;
  }
}

async function askRuntimes({ node }: Ports): Promise<StatusReport['runtimes'] | undefined> {
  try {
    return (await askApi(node.path(ADMIN_SOCKET), 'GET /v1/status')).runtimes;
  } catch {
    return undefined;
  }
}

function describe({ message, node }: StepError): string {
  return `${message} (${outcomes[node]})`;
}

/** Why the node is not as it must be; without a fault of a step the daemon does not answer. */
function reasonOf(fault: StepError | undefined): Pick<NodeReport['installed'], 'reason' | 'message'> {
  if (fault === undefined) return { reason: 'DaemonDoesNotAnswer', message: 'criproxy does not answer on this node' };
  return { reason: `${fault.step[0]!.toUpperCase()}${fault.step.slice(1)}Failed`, message: describe(fault) };
}

/** The program of one pod, for as long as that runs. */
export class Installer {
  private readonly ports: Ports;
  private readonly options: InstallerOptions;
  /** The try that is in force and verified; undefined where none is. */
  private done: string | undefined;
  private fault: StepError | undefined;
  private said = '';
  /** The last labels and conditions in the API server, and the time until which they are taken for current; the reason of a failed write. */
  private written: { readonly text: string | undefined; readonly until: number } = { text: '', until: 0 };
  private unwritten = '';
  /** The last try, and the time of the next one. */
  private tried = '';
  private retryAt = 0;

  constructor(ports: Ports, options: InstallerOptions) {
    this.ports = ports;
    this.options = options;
  }

  /** Goes on until `signal` is aborted; a step that has begun is ended first. */
  async run(signal: AbortSignal): Promise<void> {
    for (let looks = 0; !signal.aborted; looks++) {
      const config = this.options.state !== 'absent' ? readConfig(this.options.config) : undefined;
      const attempt = attemptOf(this.options.pod, this.options.state, config);
      const isDue = attempt !== this.tried || performance.now() >= this.retryAt;
      if (attempt !== this.done ? isDue : looks % KUBELET_EVERY === 0 && !(await this.isAsWanted()))
        await this.converge(attempt, config);
      await this.report();
      await sleep(this.options.interval, undefined, { signal }).catch(() => undefined);
    }
    rmSync(this.options.ready, { force: true });
  }

  /** Whether the kubelet still is where it was led to. */
  private async isAsWanted(): Promise<boolean> {
    const way = release.findInstalled(this.ports.node);
    if (this.options.state === 'absent') return way === undefined;
    if (this.options.state === 'look') return true;
    if (way === undefined) return false;
    const look = await lookAtNode(this.ports.node, release.programOf(way)).catch(() => undefined);
    return look?.isOn === true;
  }

  private async converge(attempt: string, config: string | undefined): Promise<void> {
    const { node } = this.ports;
    this.tried = attempt;
    const blocked = readBlocked(node);
    if (blocked?.attempt === attempt) {
      this.fail(new StepError('verify', 'back', `${blocked.why}; delete this pod to have it tried again`));
      return;
    }
    try {
      const text = await actions[this.options.state](this.ports, config);
      this.ports.tell('done', text);
      if (this.options.state === 'present') clearBlocked(node);
      this.done = attempt;
      this.fault = undefined;
    } catch (fault) {
      const error = fault instanceof StepError ? fault : new StepError('look', 'untouched', (fault as Error).message);
      if (error.node !== 'untouched') writeBlocked(node, { attempt, why: `${error.step} failed: ${error.message}` });
      this.fail(error);
    } finally {
      release.forgetNew(node);
    }
  }

  private fail(fault: StepError): void {
    this.done = undefined;
    this.fault = fault;
    this.retryAt = performance.now() + RETRY_EVERY * this.options.interval;
    const text = describe(fault);
    if (text !== this.said) this.ports.tell(fault.step, `not done: ${text}`);
    this.said = text;
  }

  /** Says to the kubelet and to the cluster how the node is. */
  private async report(): Promise<void> {
    const { ports, options, fault } = this;
    const runtimes = options.state !== 'absent' ? await askRuntimes(ports) : undefined;
    const isReady = fault === undefined && (options.state !== 'present' || runtimes !== undefined);
    const installed: NodeReport['installed'] = isReady
      ? { status: 'True', reason: options.state === 'look' ? 'CanBePutOn' : 'AsWanted', message: '' }
      : { status: 'False', ...reasonOf(fault) };
    const isGone = options.state === 'absent' && isReady;
    await this.writeMarks(isGone ? undefined : { installed, runtimes });
    if (isReady) writeFileSync(options.ready, '');
    else rmSync(options.ready, { force: true });
  }

  private async writeMarks(report: NodeReport | undefined): Promise<void> {
    const text = JSON.stringify(report && marksOf(report));
    if (text === this.written.text && performance.now() < this.written.until) return;
    try {
      await writeMarks(this.ports, report);
      this.written = { text, until: performance.now() + REFRESH };
    } catch (fault) {
      const said = `the node's labels and conditions cannot be written: ${(fault as Error).message}`;
      if (said !== this.unwritten) this.ports.tell('report', said);
      this.unwritten = said;
    }
  }
}
