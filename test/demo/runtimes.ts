import { join } from 'node:path';
import { installPackages, PrerequisiteError } from '../../build/prerequisites.ts';
import { startContainerd } from '../support/containerd.ts';
import { startStandIn } from '../support/stand-in.ts';

export interface DemoRuntime {
  readonly socketPath: string;
  stop(): Promise<void>;
}

/** Registers the undoing of a step; it runs even if a later step fails. */
export type Keep = (undo: () => unknown) => void;

/**
 * Two runtimes: real containerd if it can be had, else stand-ins. `report` gets a line for each step, which tells
 * the kind of runtime and the reason.
 */
export async function startRuntimes(
  dir: string,
  options: { standIns: boolean; report: (line: string) => void; keep: Keep },
): Promise<[primary: string, secondary: string]> {
  const { report, keep } = options;
  const reason = options.standIns ? 'asked for by --stand-ins' : await whyNotReal(report);
  if (reason === undefined) {
    try {
      return await startTwo(() => startContainerd(), keep);
    } catch (error) {
      report(`containerd does not run here: ${lastLine(error)}`);
    }
  } else {
    report(`no real containerd: ${reason}`);
  }
  report('using two embedded stand-ins, which keep pods in memory and run nothing');
  let number = 0;
  return await startTwo(() => startStandIn(join(dir, `stand-in-${++number}.sock`), `stand-in-${number}`), keep);
}

async function startTwo(start: () => Promise<DemoRuntime>, keep: Keep): Promise<[string, string]> {
  const sockets: string[] = [];
  for (let started = 0; started < 2; started++) {
    const runtime = await start();
    keep(() => runtime.stop());
    sockets.push(runtime.socketPath);
  }
  return sockets as [string, string];
}

async function whyNotReal(report: (line: string) => void): Promise<string | undefined> {
  try {
    await installPackages(['demo'], report);
    return process.getuid?.() === 0 ? undefined : 'it needs root';
  } catch (error) {
    if (error instanceof PrerequisiteError) return error.message;
    throw error;
  }
}

function lastLine(error: unknown): string {
  return String(error).trimEnd().split('\n').at(-1)!;
}
