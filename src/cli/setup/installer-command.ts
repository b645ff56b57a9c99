import { setTimeout as sleep } from 'node:timers/promises';
import { openApi } from '../../cluster/api/in-cluster.ts';
import { Installer } from '../../cluster/installer.ts';
import { openNodeAccess } from '../../cluster/node/access.ts';
import { imagePlaces } from '../../cluster/node/release.ts';
import { type State, states } from '../../cluster/states.ts';
import { UsageError } from '../grammar/usage-error.ts';
import { readSeconds, textOf, type Values } from './setup-options.ts';
import { print } from './setup-outcome.ts';

function readState(values: Values): State {
  const state = textOf(values, 'state');
  if (!(states as readonly string[]).includes(state))
    throw new UsageError(`node-installer: flag --state: "${state}": one of ${states.join(', ')}`);
  return state as State;
}

function readVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new UsageError(`node-installer: ${name} is not set: the DaemonSet takes it from the pod's own fields`);
  return value;
}

/** `criproxy node-installer`. */
export async function runNodeInstaller({ values }: { readonly values: Values }): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.abort());
  const ports = {
    node: openNodeAccess(),
    ask: openApi(),
    name: readVariable('NODE_NAME'),
    image: imagePlaces,
    tell: (step: string, text: string) => print(`${new Date().toISOString()} ${step}: ${text}`),
    sleep: (ms: number) => sleep(ms),
    patience: readSeconds('patience', values),
    settle: readSeconds('settle', values),
  };
  const installer = new Installer(ports, {
    state: readState(values),
    config: textOf(values, 'config'),
    pod: readVariable('POD_UID'),
    ready: textOf(values, 'ready'),
    interval: readSeconds('interval', values),
  });
  await installer.run(stopped.signal);
  return 0;
}
