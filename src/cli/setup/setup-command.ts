import { applySetup } from '../../setup/apply.ts';
import { readUnits } from '../../setup/daemon.ts';
import { LEFT_ALONE } from '../../setup/exit-status.ts';
import { openMachine } from '../../setup/machine.ts';
import { revertSetup } from '../../setup/revert.ts';
import { readStatus, type Status } from '../../setup/setup-status.ts';
import { readChoice, readSeconds, textOf, type Values } from './setup-options.ts';
import { print, printFault, tellApplied, tellingFaults, tellReverted } from './setup-outcome.ts';

const machine = () => openMachine('/');

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
  const applied = await applySetup(machine(), {
    ...(await readChoice(values)),
    areAnswers: values['answers'] === true,
    restart: values['restart'] === true,
    fallBack: values['fall-back'] === undefined ? undefined : textOf(values, 'fall-back'),
    patience: readSeconds('patience', values),
    settle: readSeconds('settle', values),
  });
  return tellApplied(applied);
}

async function revert(values: Values): Promise<number> {
  const reverted = await revertSetup(machine(), {
    listen: textOf(values, 'listen'),
    stop: values['stop'] === true,
    force: values['force'] === true,
    settle: readSeconds('settle', values),
  });
  return tellReverted(reverted, 'nothing to put back');
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
