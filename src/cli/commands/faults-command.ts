import { askApi } from '../../admin/admin-client.ts';
import type { FaultReport, FaultRequest } from '../../admin/api/fault-report.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { parseDuration } from '../grammar/flags.ts';
import { UsageError } from '../grammar/usage-error.ts';

/** `criproxy faults show`. */
export async function showFaults({ values }: Invocation): Promise<number> {
  const output = String(values['output']);
  if (output !== 'table' && output !== 'json') throw new UsageError(`faults show: -o "${output}": one of table, json`);
  const { faults } = await askApi(socketOf(values), 'GET /v1/faults');
  if (output === 'json') process.stdout.write(`${JSON.stringify(faults, null, 2)}\n`);
  else process.stdout.write(faults.length === 0 ? 'no faults are injected\n' : faults.map(faultLine).join(''));
  return 0;
}

/** `criproxy faults add`: prints the id of the new fault. */
export async function addFault({ values }: Invocation): Promise<number> {
  const { id } = await askApi(socketOf(values), 'POST /v1/faults', { body: readFault(values) });
  process.stdout.write(`${id}\n`);
  return 0;
}

/** `criproxy faults clear [ID]`. */
export async function clearFaults({ values, positionals }: Invocation): Promise<number> {
  const [id] = positionals;
  const query = id === undefined ? {} : { id };
  const { cleared } = await askApi(socketOf(values), 'DELETE /v1/faults', { query });
  process.stdout.write(`cleared ${cleared}\n`);
  return 0;
}

function socketOf(values: Invocation['values']): string {
  return String(values['admin-socket']);
}

function faultLine({ id, text, hits, isSpent }: FaultReport): string {
  const state = isSpent ? 'over, ' : '';
  return `${id}  ${text} (${state}${hits} call${hits === 1 ? '' : 's'} hit)\n`;
}

/** The daemon checks the values without a unit. */
function readFault(values: Invocation['values']): FaultRequest {
  const { method, runtime, delay, hang, drop, times, probability, error } = values;
  return {
    ...(method !== undefined && { method: String(method) }),
    ...(runtime !== undefined && { runtime: String(runtime) }),
    ...(delay !== undefined && { delay: readDelay(String(delay)) }),
    ...(hang === true && { hang }),
    ...(drop === true && { drop }),
    ...(times !== undefined && { times: readNumber('times', String(times)) }),
    ...(probability !== undefined && { probability: readNumber('probability', String(probability)) }),
    ...(error !== undefined && readError(String(error))),
  };
}

/** `CODE` or `CODE:MESSAGE`. */
function readError(text: string): Pick<FaultRequest, 'error' | 'message'> {
  const colon = text.indexOf(':');
  return colon < 0 ? { error: text } : { error: text.slice(0, colon), message: text.slice(colon + 1) };
}

function readDelay(text: string): number {
  const delay = parseDuration(text);
  if (delay !== undefined) return delay;
  throw new UsageError(`faults add: --delay "${text}" is not a duration; write it as 500ms or 2s`);
}

function readNumber(name: string, text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`faults add: --${name} "${text}" is no number`);
}
