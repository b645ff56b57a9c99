import { applySetup } from '../setup/apply.ts';
import { readUnits } from '../setup/daemon.ts';
import { SetupError } from '../setup/error.ts';
import { openMachine } from '../setup/machine.ts';
import { type Choice, knownRuntimes } from '../setup/primary.ts';
import { revertSetup } from '../setup/revert.ts';
import { readStatus, type Status } from '../setup/status.ts';
import type { Invocation } from './command-row.ts';
import { UsageError } from './usage-error.ts';

/** The kubelet was left alone, and a person can do what is missing by hand. */
const LEFT_ALONE = 3;

type Values = Invocation['values'];

const machine = () => openMachine('/');

/** The value of an option that has a default. */
function textOf(values: Values, name: string): string {
  return String(values[name] ?? '');
}

function readSeconds(name: 'patience' | 'settle', values: Values): number {
  const seconds = Number(values[name]);
  if (!(seconds > 0 && seconds <= 600))
    throw new UsageError(`setup: flag --${name}: "${values[name]}": give seconds, up to 600`);
  return seconds * 1000;
}

function readOther(values: Values): string | undefined {
  const other = values['other'] === undefined ? undefined : textOf(values, 'other');
  for (const one of (other ?? '').split(',').map(part => part.trim()))
    if (one !== '' && !/^[^:/\s]+:(unix:\/\/)?\/\S+$/.test(one))
      throw new UsageError(`setup: flag --other: "${one}": write each runtime as id:/path/of/socket`);
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

/** What the kubelet's files say, and what the kubelet that runs does; both where they differ. */
function describeUse(isConfigured: boolean, running: Status['running']): string {
  const says = isConfigured ? 'in use' : 'not in use';
  if (running === undefined) return `${says}, by the files; no kubelet is seen to run`;
  const { pid, does, usesCriproxy } = running;
  if (usesCriproxy === 'unknown' || (usesCriproxy === 'yes') === isConfigured)
    return `${says}: kubelet ${pid}: ${does}`;
  return `${says} by the files, but not so the kubelet that runs (pid ${pid}): ${does}; systemctl restart kubelet`;
}

function printStatus(status: Status): void {
  const { kubelet, running, strange, connect, edits } = status;
  if (strange !== undefined) printFault(strange, 'the kubelet of this node is not understood');
  else if (kubelet === undefined) print('kubelet    none on this node');
  else {
    print(
      `kubelet    ${kubelet.version}, ${kubelet.unit}`,
      `endpoint   ${kubelet.endpoint || '-'}, from ${kubelet.from}`,
    );
    print(`criproxy   ${describeUse(kubelet.usesCriproxy, running)}`);
  }
  print(`runtimes   ${connect ?? 'not chosen yet'}`);
  for (const { file, what, inForce } of edits)
    print(`changed    ${file}: ${what}${inForce ? '' : ' - changed by somebody since'}`);
}

async function apply(values: Values): Promise<number> {
  const primary = textOf(values, 'primary');
  if (primary !== 'detect' && !(primary in knownRuntimes))
    throw new UsageError(
      `setup: flag --primary: "${primary}": one of detect, ${Object.keys(knownRuntimes).join(', ')}`,
    );
  const { done, left } = await applySetup(machine(), {
    primary: primary as Choice,
    other: readOther(values),
    listen: textOf(values, 'listen'),
    restart: values['restart'] === true,
    fallBack: values['fall-back'] === undefined ? undefined : textOf(values, 'fall-back'),
    patience: readSeconds('patience', values),
    settle: readSeconds('settle', values),
  });
  print(...(done.length === 0 && left === undefined ? ['nothing to change'] : done));
  if (left === undefined) return 0;
  printFault(left, 'the kubelet was left alone');
  return LEFT_ALONE;
}

async function revert(values: Values): Promise<number> {
  const { done, left, strange } = await revertSetup(machine(), {
    listen: textOf(values, 'listen'),
    stop: values['stop'] === true,
    settle: readSeconds('settle', values),
  });
  print(...(done.length === 0 && left.length === 0 ? ['nothing to put back'] : done));
  for (const { edit, reason } of left) process.stderr.write(`criproxy setup: left ${edit.file} as it is: ${reason}\n`);
  if (strange !== undefined) printFault(strange, 'the kubelet may still use criproxy');
  return 0;
}

async function status(values: Values): Promise<number> {
  const host = openMachine(textOf(values, 'root'));
  const found = readStatus(host, textOf(values, 'listen'));
  const units = await readUnits(host);
  if (values['json'] === true) print(JSON.stringify({ ...found, units }, null, 2));
  else {
    printStatus(found);
    for (const [unit, state] of Object.entries(units ?? {})) print(`unit       ${unit}: ${state}`);
  }
  return found.strange === undefined ? 0 : LEFT_ALONE;
}

/** `criproxy setup status`. */
export const runSetupStatus = tellingFaults(status);

/** `criproxy setup apply`. */
export const runSetupApply = tellingFaults(apply);

/** `criproxy setup revert`. */
export const runSetupRevert = tellingFaults(revert);

/**
 * The exit status: 0 done, or nothing to do; 1 failed, with the node as it was; 3 the kubelet was left alone, because
 * something about it is not understood.
 */
function tellingFaults(verb: (values: Values) => Promise<number>): (invocation: Invocation) => Promise<number> {
  return async ({ values }) => {
    try {
      return await verb(values);
    } catch (fault) {
      if (!(fault instanceof SetupError)) throw fault;
      printFault(fault, fault.kind === 'failed' ? 'it failed; the node is as it was' : 'nothing was changed');
      return fault.kind === 'failed' ? 1 : LEFT_ALONE;
    }
  };
}
