import { applySetup } from '../../setup/apply.ts';
import { readUnits } from '../../setup/daemon.ts';
import { openMachine } from '../../setup/machine.ts';
import { type Choice, knownRuntimes } from '../../setup/primary.ts';
import { revertSetup } from '../../setup/revert.ts';
import { PodsLeft } from '../../setup/secondary-pods.ts';
import { SetupError } from '../../setup/setup-error.ts';
import { readStatus, type Status } from '../../setup/setup-status.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { UsageError } from '../grammar/usage-error.ts';

/** The kubelet was left alone, and a person can do the missing steps by hand. */
const LEFT_ALONE = 3;

/** Pods of other runtimes would be left behind. */
const PODS_LEFT = 4;

/** A step failed, and going back did too. */
const HALFWAY = 5;

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

/** The endpoint in the kubelet's files, and that of the running kubelet; both where they differ. */
function describeUse(
  { usesCriproxy: isConfigured, service }: NonNullable<Status['kubelet']>,
  running: Status['running'],
) {
  const says = isConfigured ? 'in use' : 'not in use';
  if (running === undefined) return `${says}, by the files; no kubelet is seen to run`;
  const { pid, does, usesCriproxy } = running;
  if (usesCriproxy === 'unknown' || (usesCriproxy === 'yes') === isConfigured)
    return `${says}: kubelet ${pid}: ${does}`;
  return `${says} by the files, but not so the kubelet that runs (pid ${pid}): ${does}; systemctl restart ${service}`;
}

function printKubelet(kubelet: NonNullable<Status['kubelet']>, running: Status['running']): void {
  const { version, unit, endpoint, from, next } = kubelet;
  print(`kubelet    ${version}, ${unit}`, `endpoint   ${endpoint || '-'}, from ${from}`);
  print(`criproxy   ${describeUse(kubelet, running)}`);
  if (next !== undefined) print(`to do      ${next.toDo}`, ...next.settings.map(setting => `           ${setting}`));
}

function printStatus(status: Status): void {
  const { kubelet, running, strange, connect, edits } = status;
  if (kubelet !== undefined) printKubelet(kubelet, running);
  else {
    if (strange !== undefined) printFault(strange, 'the kubelet of this node is not understood');
    else print('kubelet    none found on this node');
    if (running !== undefined) print(`criproxy   kubelet ${running.pid}: ${running.does}`);
  }
  print(`runtimes   ${connect ?? 'not chosen yet'}`);
  for (const { file, what, inForce } of edits)
    print(`changed    ${file}: ${what}${inForce ? '' : ' - changed since, not by criproxy'}`);
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
    areAnswers: values['answers'] === true,
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
    force: values['force'] === true,
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

const outcomes = {
  strange: 'nothing was changed',
  failed: 'it failed; the node is as it was',
  halfway: 'it failed, and the node is not as it was: going back failed too',
} as const;

const exits = { strange: LEFT_ALONE, failed: 1, halfway: HALFWAY } as const;

/** Tells which pods would be left behind, and the commands that move them. */
function refuse({ runtimes, node }: PodsLeft): number {
  const lines = ['criproxy setup: nothing was changed: pods run on other runtimes than the primary'];
  for (const { id, pods, count } of runtimes) {
    const what = pods === undefined ? `${count} in its last list; it does not answer now` : pods.join(', ');
    lines.push(`  ${id}: ${what}`);
  }
  const known = runtimes.flatMap(({ pods = [] }) => pods.map(pod => pod.split('/')));
  lines.push(
    '  without criproxy the kubelet does not know them, and starts them a second time; move them away first:',
    `    kubectl cordon ${node}`,
    ...known.map(([namespace, pod]) => `    kubectl delete pod -n ${namespace} ${pod}`),
    '  or leave them behind: criproxy setup revert --force',
  );
  process.stderr.write(`${lines.join('\n')}\n`);
  return PODS_LEFT;
}

/**
 * The exit status: 0 done, or nothing to do; 1 failed, with the node as it was; 5 failed, half-way; 3 the kubelet was left alone, because
 * something about it is not understood; 4 pods of other runtimes would be left behind.
 */
function tellingFaults(verb: (values: Values) => Promise<number>): (invocation: Invocation) => Promise<number> {
  return async ({ values }) => {
    try {
      return await verb(values);
    } catch (fault) {
      if (fault instanceof PodsLeft) return refuse(fault);
      if (!(fault instanceof SetupError)) throw fault;
      printFault(fault, outcomes[fault.kind]);
      return exits[fault.kind];
    }
  };
}
