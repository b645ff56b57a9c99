import { once } from 'node:events';
import { socketPath } from '../../config/socket-path.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { parseDuration } from '../grammar/flags.ts';
import { UsageError } from '../grammar/usage-error.ts';
import { formatMs, printable } from '../terminal/figures.ts';
import { type Paint, paintFor } from '../terminal/paint.ts';
import { type RecordedCall, readRecording } from './recording.ts';
import { changes, chooseCalls, methodOf, type Replayed, type ReplayOptions, replay } from './replay.ts';
import { isInUse } from './replay-socket.ts';

/** `criproxy replay FILE --to SOCKET`: 0 when every call ended as in the recording, else 1. */
export async function runReplay({ values, positionals }: Invocation): Promise<number> {
  const file = positionals[0];
  if (file === undefined) throw new UsageError('replay: needs a FILE, made by criproxy trace --record FILE');
  const options = readOptions(values);
  const { calls, lost } = readRecording(file);
  const chosen = chooseCalls(calls, values['only'] === undefined ? undefined : String(values['only']));
  if (values['force'] !== true) refuse(chosen, options.socket, file);
  if (chosen.length === 0) throw new Error(`${file} has no call to send; look at --only`);
  const paint = paintFor(process.stdout);
  let other = 0;
  const begin = performance.now();
  for await (const replayed of replay(chosen, options)) {
    if (replayed.code !== replayed.call.code) other++;
    if (!process.stdout.write(row(replayed, paint))) await once(process.stdout, 'drain');
  }
  const leftOut = calls.length - chosen.length + lost;
  process.stdout.write(
    `${chosen.length} call${chosen.length === 1 ? '' : 's'} in ${formatMs(performance.now() - begin)}: ${chosen.length - other} ended as in the recording, ${other} did not` +
      `${leftOut === 0 ? '' : `; ${leftOut} were not sent`}\n`,
  );
  return other === 0 ? 0 : 1;
}

function readOptions(values: Invocation['values']): ReplayOptions {
  if (values['to'] === undefined) throw new UsageError('replay: needs --to SOCKET, a runtime or a criproxy for tests');
  const socket = socketPath(String(values['to']));
  if (typeof socket !== 'string') throw new UsageError(`replay: --to "${values['to']}" ${socket.text}`);
  const timeout = parseDuration(String(values['timeout']));
  if (timeout === undefined || timeout === 0) {
    throw new UsageError(`replay: --timeout "${values['timeout']}" is not a duration; write it as 10s or 2m`);
  }
  return { socket, timeout, speed: readSpeed(values['speed']) };
}

function readSpeed(value: Invocation['values'][string]): number | undefined {
  if (value === undefined) return undefined;
  const speed = Number(value);
  if (speed > 0 && Number.isFinite(speed)) return speed;
  throw new UsageError(`replay: --speed "${value}": give a number, as 1 or 10`);
}

/** Throws where the replay could do harm. */
function refuse(calls: readonly RecordedCall[], socket: string, file: string): void {
  if (isInUse(socket)) {
    throw new UsageError(
      `replay: --to ${socket}: a node works behind this socket; replay to a runtime for tests, or give --force`,
    );
  }
  const changing = calls.filter(changes);
  if (changing.length === 0) return;
  const names = [...new Set(changing.map(methodOf))];
  const shown = names.length > 4 ? `${names.slice(0, 4).join(', ')} and more` : names.join(', ');
  throw new UsageError(
    `replay: ${changing.length} of the calls in ${file} change something (${shown}); give --force to send them too, or leave them out with --only, as --only "List*"`,
  );
}

function row({ call, code, message, ms }: Replayed, paint: Paint): string {
  const isSame = code === call.code;
  const codes = isSame ? paint('good', code) : paint('bad', `${call.code} -> ${code}`);
  const said = isSame || message === '' ? '' : `\n       ${printable(message)}`;
  return `${String(call.id).padStart(6)} ${methodOf(call).padEnd(25)} ${formatMs(call.ms).padStart(6)} -> ${formatMs(ms).padEnd(6)} ${codes}${said}\n`;
}
