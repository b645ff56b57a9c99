import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Parser } from 'tap-parser';
import { Tally } from './tally.ts';

/** The result of a file of tests. A test is a `test()` block, also a nested one; the other numbers are assertions. */
export interface FileResult {
  readonly file: string;
  readonly seconds: number;
  readonly tests: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Each failed assertion with its TAP diagnostics, and the end of the process if it was not a normal one. */
  readonly failures: readonly string[];
}

/** The time limit of a file, and of each of its tests, in seconds. A process that does not end by itself is killed then. */
const TIMEOUT = 1_800;
const GRACE = 30;

const root = join(import.meta.dirname, '../..');

/** The cache of code that is compiled once for all processes of a run; it also holds TypeScript without its types. */
const compileCache = join(root, 'node_modules/.cache/criproxy-tests');

/** Runs one file in a process of its own, and reads its TAP. Its stderr is shown only if it fails. */
export async function runFile(file: string, timeout = TIMEOUT): Promise<FileResult> {
  const begin = performance.now();
  const env = { NODE_COMPILE_CACHE: compileCache, ...process.env, TAP_TIMEOUT: String(timeout), TAP: '1' };
  const child = spawn(process.execPath, [file], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const killer = setTimeout(() => child.kill('SIGKILL'), (timeout + GRACE) * 1000);
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const parser = new Parser();
  const tally = new Tally(parser);
  child.stdout.on('data', (chunk: Buffer) => parser.write(chunk));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(resolve =>
    child.once('close', (...end) => resolve(end)),
  );
  clearTimeout(killer);
  parser.end();
  const isWhole = tally.failed > 0 || parser.ok; // without failed assertions, the number must be as planned
  if (code !== 0 || !isWhole) tally.addEnd(String(signal ?? `exit status ${code}`), Buffer.concat(said).toString());
  const { tests, passed, failed, skipped, failures } = tally;
  return { file, seconds: (performance.now() - begin) / 1000, tests, passed, failed, skipped, failures };
}
