import { followAdmin } from '../../admin/admin-client.ts';
import { TRACE_PATH, type TracedCall, type TraceLine, type TraceQuery } from '../../admin/api/trace-line.ts';
import { escapeControls, escapeControlsInLines } from '../../base/escape-controls.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { parseDuration } from '../grammar/flags.ts';
import { UsageError } from '../grammar/usage-error.ts';
import { paintFor } from '../terminal/paint.ts';
import { RecordingFile } from './recording.ts';
import { TraceView } from './trace-view.ts';

const NARROW = 80;

/** `criproxy trace`: prints calls until Ctrl-C, or until there were --count of them. */
export async function runTrace({ values }: Invocation): Promise<number> {
  const count = readCount(values['count']);
  const print = await printer(readOutput(String(values['output'])), values['body'] === true);
  const path = `${TRACE_PATH}?${new URLSearchParams(readQuery(values))}`;
  let recording: RecordingFile | undefined;
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  let left = count;
  try {
    for await (const text of followAdmin(String(values['admin-socket']), path, stopping.signal)) {
      const line = JSON.parse(text) as TraceLine;
      // Not before the daemon has answered: a file for nothing would be in the way of the next try.
      if (values['record'] !== undefined) recording ??= new RecordingFile(String(values['record']));
      recording?.add(line);
      print(line, text);
      if (line.kind !== 'start' && --left <= 0) return 0;
    }
  } finally {
    recording?.close();
    if (recording !== undefined) process.stderr.write(summary(recording));
  }
  if (stopping.signal.aborted) return 0;
  process.stderr.write('criproxy: the daemon has ended the trace; it was stopped or restarted\n');
  return 1;
}

function readCount(value: Invocation['values'][string]): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,14}$/.test(String(value))) return Number(value);
  throw new UsageError(`trace: --count "${value}": give a number from 1`);
}

function readOutput(text: string): 'table' | 'json' {
  if (text === 'table' || text === 'json') return text;
  throw new UsageError(`trace: -o "${text}": one of table, json`);
}

function readQuery(values: Invocation['values']): TraceQuery {
  const { pod, runtime, method, socket, errors, body, record, slow } = values;
  return {
    ...(pod !== undefined && { pod: String(pod) }),
    ...(runtime !== undefined && { runtime: String(runtime) }),
    ...(method !== undefined && { method: String(method) }),
    ...(socket !== undefined && { socket: String(socket) }),
    ...(errors === true && { errors: 'true' }),
    ...(body === true && { body: 'true' }),
    ...(record !== undefined && { record: 'true' }),
    ...(slow !== undefined && { slow: readSlow(String(slow)) }),
  };
}

/** In ms, as the query has it. */
function readSlow(text: string): string {
  const slow = parseDuration(text);
  if (slow !== undefined) return String(slow);
  throw new UsageError(`trace: --slow "${text}" is not a duration; write it as 500ms or 2s`);
}

/** `text` is the line as it came. */
async function printer(output: 'table' | 'json', body: boolean): Promise<(line: TraceLine, text: string) => unknown> {
  if (output === 'json') {
    return (line, text) => process.stdout.write(`${escapeControls(withoutBytes(line, text))}\n`);
  }
  const { isTTY, columns } = process.stdout;
  const view = new TraceView(isTTY ? Math.max(columns ?? NARROW, NARROW) : undefined, paintFor(process.stdout));
  const { stringify } = body ? await import('yaml') : { stringify: undefined };
  return line => {
    process.stdout.write(view.show(line));
    if (stringify === undefined || line.kind === 'start' || line.kind === 'lost') return;
    const { request, response } = line;
    const shown = { ...(request !== undefined && { request }), ...(response !== undefined && { response }) };
    const yaml = escapeControlsInLines(stringify(shown, { lineWidth: 0 }));
    process.stdout.write(yaml.replace(/^(?=.)/gm, '    '));
  };
}

/** The bytes for a recording are not shown. */
function withoutBytes(line: TraceLine, text: string): string {
  if (!('raw' in line)) return text;
  const { raw: _, ...rest }: TracedCall = line;
  return JSON.stringify(rest);
}

function summary({ path, calls, leftOut }: RecordingFile): string {
  const lost = leftOut === 0 ? '' : `, ${leftOut} more are not in it`;
  const said = calls === 1 ? '1 call is' : `${calls} calls are`;
  return `criproxy: ${said} in ${path}${lost}; secrets are redacted, but look at it before you give it away\n`;
}
