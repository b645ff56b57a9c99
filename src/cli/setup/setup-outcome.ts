import type { Applied } from '../../setup/apply.ts';
import { HALFWAY, LEFT_ALONE, PODS_LEFT } from '../../setup/exit-status.ts';
import type { Reverted } from '../../setup/revert.ts';
import { PodsLeft } from '../../setup/secondary-pods.ts';
import { SetupError } from '../../setup/setup-error.ts';
import type { Invocation } from '../grammar/command-row.ts';
import type { Values } from './setup-options.ts';

/** Writes lines to the standard output. */
export function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** Says why something was not done, and what to do. */
export function printFault(fault: SetupError, outcome: string): void {
  process.stderr.write(
    `criproxy setup: ${outcome}\n  where:  ${fault.where}\n  saw:    ${fault.saw}\n  to do:  ${fault.remedy}\n`,
  );
}

/** Prints the result of an apply; returns the exit status. */
export function tellApplied({ done, left }: Applied): number {
  print(...(done.length === 0 && left === undefined ? ['nothing to change'] : done));
  if (left === undefined) return 0;
  printFault(left, 'the kubelet was left alone');
  return LEFT_ALONE;
}

/** Prints the result of a revert; returns the exit status. */
export function tellReverted({ done, left, strange }: Reverted, nothing: string): number {
  print(...(done.length === 0 && left.length === 0 ? [nothing] : done));
  for (const { edit, reason } of left) process.stderr.write(`criproxy setup: left ${edit.file} as it is: ${reason}\n`);
  if (strange !== undefined) printFault(strange, 'the kubelet may still use criproxy');
  return 0;
}

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
    const last = count === undefined ? 'its pods are not known' : `${count} in its last list`;
    const what = pods === undefined ? `${last}; it does not answer now` : pods.join(', ');
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
export function tellingFaults(verb: (values: Values) => Promise<number>): (invocation: Invocation) => Promise<number> {
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
