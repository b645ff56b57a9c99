import { setTimeout as sleep } from 'node:timers/promises';
import { askApi } from '../../admin/admin-client.ts';
import type { RetireAnswer } from '../../admin/api/placement-answer.ts';
import { escapeControls } from '../../base/escape-controls.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { formatSpan } from '../terminal/figures.ts';

/** How often --watch looks, in ms. */
const INTERVAL = 2_000;

/** `criproxy retire ID`: retires a runtime and prints the pods that are left; with --watch until there is none. */
export async function runRetire({ values, positionals }: Invocation): Promise<number> {
  const runtime = positionals[0]!;
  const ask = (body: { readonly runtime: string; readonly retiring?: boolean }) =>
    askApi(String(values['admin-socket']), 'POST /v1/retire', { body });
  const undo = values['undo'] === true;
  let answer = await ask({ runtime, retiring: !undo });
  if (undo) {
    const text = answer.retiring
      ? 'is retiring in the configuration: change that, and criproxy reload'
      : 'takes new pods';
    process.stdout.write(`${runtimeName(answer.runtime)} ${text}\n`);
    return answer.retiring ? 3 : 0;
  }
  process.stdout.write(describe(answer));
  let shown = describe(answer);
  while (values['watch'] === true && answer.left?.length !== 0) {
    await sleep(INTERVAL);
    answer = await ask({ runtime });
    if (describe(answer) !== shown) process.stdout.write(`\n${describe(answer)}`);
    shown = describe(answer);
  }
  return 0;
}

/** The state of a retirement, a line for each pod. */
function describe({ runtime, left }: RetireAnswer): string {
  if (left === null) return `${runtimeName(runtime)} is retiring: its pods are not known; it has not listed them yet\n`;
  const count = left.length === 0 ? 'no pod is left; it can be removed from the configuration' : podsLeft(left.length);
  const lines = left.map(({ namespace, name, since, owner }) => {
    const age = since === null ? '' : `, since ${formatSpan((Date.now() - Date.parse(since)) / 1000)}`;
    return `  ${namespace}/${name}${age}${owner === null ? '' : `, ${owner}`}`;
  });
  return [`${runtimeName(runtime)} is retiring: ${count}`, ...lines].map(line => `${escapeControls(line)}\n`).join('');
}

function podsLeft(count: number): string {
  return count === 1 ? '1 pod is left' : `${count} pods are left`;
}
