import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Restart } from './host.ts';

const run = promisify(execFile);

/** How many lines are quoted, and how many are looked at to find them. */
const QUOTED = 5;
const LOOKED_AT = 200;

/** The last lines that a unit's processes wrote, without systemd's own lines about it; only the lines of one restart, if given. */
export async function readLog(unit: string, restart?: Restart): Promise<string> {
  const args = [`_SYSTEMD_UNIT=${unit}`, '-n', `${LOOKED_AT}`, '-o', 'json', '--output-fields=MESSAGE,_PID', '-q'];
  if (restart !== undefined) args.push(`--since=@${restart.time / 1000}`);
  const log = await run('journalctl', args).catch(() => ({ stdout: '' }));
  const entries = log.stdout.split('\n').filter(Boolean).map(readEntry);
  const lines = entries.filter(({ pid }) => pid !== restart?.oldPid).map(({ message }) => message);
  return lines.slice(-QUOTED).join('\n').trim();
}

/** A message that is no UTF-8 comes as the numbers of its bytes. */
function readEntry(line: string): { message: string; pid: number } {
  const { MESSAGE, _PID } = JSON.parse(line) as { MESSAGE: string | number[] | null; _PID: string };
  return { message: Array.isArray(MESSAGE) ? Buffer.from(MESSAGE).toString() : (MESSAGE ?? ''), pid: Number(_PID) };
}
