import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { TracedCall, TraceLine } from '../../admin/api/trace-line.ts';

const FORMAT = 'criproxy-recording';
const VERSION = 1;

/** A call as a recording has it. */
export interface RecordedCall {
  readonly id: number;
  /** When it began, in ms since the recording began. */
  readonly at: number;
  /** The gRPC path. */
  readonly path: string;
  /** How it ended: a gRPC code by name. */
  readonly code: string;
  readonly ms: number;
  /** The request without its secrets, in base64. */
  readonly request: string;
  /** The id of the pod or container that it has made. */
  readonly made?: string;
}

export interface Recording {
  /** In the order in which they began. */
  readonly calls: readonly RecordedCall[];
  /** How many calls were too fast to be recorded. */
  readonly lost: number;
}

/** A recording that is being written: lines of JSON in a new file that only its owner can read. */
export class RecordingFile {
  readonly path: string;
  /** How many calls are in it, and how many could not be. */
  calls = 0;
  leftOut = 0;
  private readonly file: number;
  private begin = 0;

  /** Throws where the file is there already: it may be another recording. */
  constructor(path: string) {
    this.path = path;
    this.file = openNew(path);
  }

  add(line: TraceLine): void {
    if (line.kind === 'start') {
      this.begin = Date.parse(line.time);
      this.write({ format: FORMAT, version: VERSION, time: line.time, note: 'secrets are redacted' });
    } else if (line.kind === 'lost') {
      this.leftOut += line.lines;
      this.write({ lost: line.lines });
    } else if (line.kind === 'end') {
      this.addCall(line);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  /** A call that is not CRI's cannot be redacted, and so has no request. */
  private addCall({ id, time, path, code, ms, raw, made }: TracedCall): void {
    if (path === undefined || raw === undefined) {
      this.leftOut++;
      this.write({ lost: 1 });
      return;
    }
    this.calls++;
    const at = Date.parse(time) - this.begin;
    const call: RecordedCall = { id, at, path, code, ms, request: raw, ...(made !== undefined && { made }) };
    this.write(call);
  }

  private write(line: object): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'EEXIST') throw fault;
    throw new Error(`${path} is there already; give a recording another name, or remove it`, { cause: fault });
  }
}

/** Reads a recording. Throws an error that names the file and the line. */
export function readRecording(path: string): Recording {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const [head, ...rest] = lines.map((text, index) => readLine(path, text, index + 1));
  if (head?.['format'] !== FORMAT)
    throw new Error(`${path} is no recording; make one with criproxy trace --record FILE`);
  if (head['version'] !== VERSION) {
    throw new Error(`${path} is a recording of version ${head['version']}; this program reads version ${VERSION}`);
  }
  let lost = 0;
  const calls: RecordedCall[] = [];
  for (const [index, line] of rest.entries()) {
    if (typeof line['lost'] === 'number') lost += line['lost'];
    else calls.push(readCall(path, line, index + 2));
  }
  calls.sort((a, b) => a.at - b.at || a.id - b.id);
  return { calls, lost };
}

function readLine(path: string, text: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // A line that was not written to its end looks the same.
  }
  throw new Error(`${path}:${number}: no line of a recording; remove it if the recording was broken off there`);
}

function readCall(path: string, line: Record<string, unknown>, number: number): RecordedCall {
  const { id, at, path: method, code, ms, request, made } = line;
  const texts = [method, code, request].every(each => typeof each === 'string');
  const numbers = [id, at, ms].every(each => typeof each === 'number');
  if (texts && numbers && ['string', 'undefined'].includes(typeof made)) return line as unknown as RecordedCall;
  throw new Error(`${path}:${number}: a call of a recording has id, at, path, code, ms and request`);
}
