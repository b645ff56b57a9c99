import { parseArgs } from 'node:util';
import { applySetup } from '../setup/apply.ts';
import { SetupError } from '../setup/error.ts';
import { openMachine } from '../setup/machine.ts';
import { type Choice, knownRuntimes } from '../setup/primary.ts';
import { revertSetup } from '../setup/revert.ts';
import { readStatus, type Status } from '../setup/status.ts';
import { UsageError } from './usage-error.ts';

/** The kubelet was left alone, and a person can do what is missing by hand. */
const LEFT_ALONE = 3;

const usage = `Usage: criproxy setup status|apply|revert [flags]

  status  show where this node's kubelet learns its runtime endpoint, and what was changed
    --json               as JSON
  apply   start the service, point the kubelet to it, restart the kubelet if something changed
    --primary RUNTIME    detect (default), ${Object.keys(knownRuntimes).join(', ')}
    --other RUNTIMES     the other runtimes, as id:socket, separated by commas
    --restart            restart the service though it runs
    --fall-back PROGRAM  the program to go back to when the installed one does not serve
  revert  put back what apply changed, and restart the kubelet
    --stop               stop the service afterwards

  --listen SOCKET        the service's socket (default /run/criproxy.sock)
  --patience SECONDS     how long the service may take to answer (default 20)
  --settle SECONDS       how long the kubelet must stay up (default 10)
  --root FOLDER          look at a copy of a node's files (status only)
`;

const options = {
  json: { type: 'boolean', default: false },
  primary: { type: 'string', default: 'detect' },
  other: { type: 'string' },
  restart: { type: 'boolean', default: false },
  'fall-back': { type: 'string' },
  stop: { type: 'boolean', default: false },
  listen: { type: 'string', default: '/run/criproxy.sock' },
  patience: { type: 'string', default: '20' },
  settle: { type: 'string', default: '10' },
  root: { type: 'string', default: '/' },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parse>['values'];

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (fault) {
    throw new UsageError((fault as Error).message.split('\n')[0]);
  }
}

function readSeconds(name: 'patience' | 'settle', values: Values): number {
  const seconds = Number(values[name]);
  if (!(seconds > 0 && seconds <= 600))
    throw new UsageError(`flag --${name}: "${values[name]}": give seconds, up to 600`);
  return seconds * 1000;
}

function readOther(other: string | undefined): string | undefined {
  for (const one of (other ?? '').split(',').map(part => part.trim()))
    if (one !== '' && !/^[^:/\s]+:(unix:\/\/)?\/\S+$/.test(one))
      throw new UsageError(`flag --other: "${one}": write each runtime as id:/path/of/socket`);
  return other;
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function printFault(fault: SetupError, outcome: string): void {
  process.stderr.write(
    `criproxy setup: ${outcome}\n  where:  ${fault.where}\n  saw:    ${fault.saw}\n  to do:  ${fault.remedy}\n`,
  );
}

function printStatus(status: Status): void {
  const { kubelet, strange, connect, edits } = status;
  if (strange !== undefined) printFault(strange, 'the kubelet of this node is not understood');
  else if (kubelet === undefined) print('kubelet    none on this node');
  else {
    print(
      `kubelet    ${kubelet.version}, ${kubelet.unit}`,
      `endpoint   ${kubelet.endpoint || '-'}, from ${kubelet.from}`,
    );
    print(`criproxy   ${kubelet.usesCriproxy ? 'in use' : 'not in use'}`);
  }
  print(`runtimes   ${connect ?? 'not chosen yet'}`);
  for (const { file, what, inForce } of edits)
    print(`changed    ${file}: ${what}${inForce ? '' : ' - changed by somebody since'}`);
}

async function apply(values: Values): Promise<number> {
  if (values.primary !== 'detect' && !(values.primary in knownRuntimes))
    throw new UsageError(
      `flag --primary: "${values.primary}": one of detect, ${Object.keys(knownRuntimes).join(', ')}`,
    );
  const { done, left } = await applySetup(openMachine(values.root), {
    primary: values.primary as Choice,
    other: readOther(values.other),
    listen: values.listen,
    restart: values.restart,
    fallBack: values['fall-back'],
    patience: readSeconds('patience', values),
    settle: readSeconds('settle', values),
  });
  print(...(done.length === 0 && left === undefined ? ['nothing to change'] : done));
  if (left === undefined) return 0;
  printFault(left, 'the kubelet was left alone');
  return LEFT_ALONE;
}

async function revert(values: Values): Promise<number> {
  const { listen, stop } = values;
  const { done, left, strange } = await revertSetup(openMachine(values.root), {
    listen,
    stop,
    settle: readSeconds('settle', values),
  });
  print(...(done.length === 0 && left.length === 0 ? ['nothing to put back'] : done));
  for (const { edit, reason } of left) process.stderr.write(`criproxy setup: left ${edit.file} as it is: ${reason}\n`);
  if (strange !== undefined) printFault(strange, 'the kubelet may still use criproxy');
  return 0;
}

function status(values: Values): number {
  const found = readStatus(openMachine(values.root), values.listen);
  if (values.json) print(JSON.stringify(found, null, 2));
  else printStatus(found);
  return found.strange === undefined ? 0 : LEFT_ALONE;
}

async function runVerb(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  const [verb, ...rest] = positionals;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (rest[0] !== undefined) throw new UsageError(`"${rest[0]}": one of status, apply, revert is enough`);
  if (verb === 'status') return status(values);
  if (values.root !== '/') throw new UsageError(`flag --root: "${values.root}": only status looks at a copy`);
  if (verb === 'apply') return apply(values);
  if (verb === 'revert') return revert(values);
  throw new UsageError(`"${verb ?? ''}": one of status, apply, revert`);
}

/**
 * `criproxy setup status|apply|revert [flags]`. Resolves with the exit status: 0 done, or nothing to do; 1 failed, with the
 * node as it was; 2 wrong flags; 3 the kubelet was left alone, because something about it is not understood.
 */
export async function runSetup(argv: readonly string[]): Promise<number> {
  try {
    return await runVerb(argv);
  } catch (fault) {
    if (fault instanceof UsageError) {
      process.stderr.write(`criproxy setup: ${fault.message}\n`);
      return 2;
    }
    if (!(fault instanceof SetupError)) throw fault;
    printFault(fault, fault.kind === 'failed' ? 'it failed; the node is as it was' : 'nothing was changed');
    return fault.kind === 'failed' ? 1 : LEFT_ALONE;
  }
}
