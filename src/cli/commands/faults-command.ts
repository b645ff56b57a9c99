import { askAdmin } from '../../admin/admin-client.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { parseDuration } from '../grammar/flags.ts';
import { UsageError } from '../grammar/usage-error.ts';

const PATH = '/v1/faults';

/** As GET /v1/faults has it. */
interface ActiveFault {
  readonly id: number;
  readonly text: string;
  readonly hits: number;
  readonly isSpent: boolean;
}

/** `criproxy faults show`. */
export async function showFaults({ values }: Invocation): Promise<number> {
  const output = String(values['output']);
  if (output !== 'table' && output !== 'json') throw new UsageError(`faults show: -o "${output}": one of table, json`);
  const { faults } = (await askAdmin(socketOf(values), 'GET', PATH)) as { faults: ActiveFault[] };
  if (output === 'json') process.stdout.write(`${JSON.stringify(faults, null, 2)}\n`);
  else process.stdout.write(faults.length === 0 ? 'no faults are injected\n' : faults.map(faultLine).join(''));
  return 0;
}

/** `criproxy faults add`: prints the id of the new fault. */
export async function addFault({ values }: Invocation): Promise<number> {
  const { id } = (await askAdmin(socketOf(values), 'POST', PATH, readFault(values))) as { id: number };
  process.stdout.write(`${id}\n`);
  return 0;
}

/** `criproxy faults clear [ID]`. */
export async function clearFaults({ values, positionals }: Invocation): Promise<number> {
  const [id] = positionals;
  const query = id === undefined ? '' : `?id=${encodeURIComponent(id)}`;
  const { cleared } = (await askAdmin(socketOf(values), 'DELETE', PATH + query)) as { cleared: number };
  process.stdout.write(`cleared ${cleared}\n`);
  return 0;
}

function socketOf(values: Invocation['values']): string {
  return String(values['admin-socket']);
}

function faultLine({ id, text, hits, isSpent }: ActiveFault): string {
  const state = isSpent ? 'over, ' : '';
  return `${id}  ${text} (${state}${hits} call${hits === 1 ? '' : 's'} hit)\n`;
}

/** A rule as POST /v1/faults takes it. What needs no unit is checked there. */
function readFault(values: Invocation['values']): Record<string, unknown> {
  const fault: Record<string, unknown> = { method: values['method'] };
  if (values['runtime'] !== undefined) fault['runtime'] = values['runtime'];
  if (values['delay'] !== undefined) fault['delay'] = readDelay(String(values['delay']));
  for (const name of ['hang', 'drop']) if (values[name] === true) fault[name] = true;
  for (const name of ['times', 'probability']) {
    if (values[name] !== undefined) fault[name] = readNumber(name, String(values[name]));
  }
  if (values['error'] !== undefined) {
    const [, code, message] = /^([^:]*)(?::([\s\S]*))?$/.exec(String(values['error']))!;
    fault['error'] = code;
    if (message !== undefined) fault['message'] = message;
  }
  return fault;
}

function readDelay(text: string): number {
  const delay = parseDuration(text);
  if (delay !== undefined) return delay;
  throw new UsageError(`faults add: --delay "${text}" is no duration; write it as 500ms or 2s`);
}

function readNumber(name: string, text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`faults add: --${name} "${text}" is no number`);
}
