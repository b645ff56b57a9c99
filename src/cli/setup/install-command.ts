import { dirname, resolve } from 'node:path';
import { installSetup } from '../../setup/install/install.ts';
import { uninstallSetup } from '../../setup/install/uninstall.ts';
import { openMachine } from '../../setup/machine.ts';
import { readChoice, readSeconds, textOf, type Values } from './setup-options.ts';
import { tellApplied, tellingFaults, tellReverted } from './setup-outcome.ts';

async function install(values: Values): Promise<number> {
  const from = values['from'] === undefined ? dirname(process.execPath) : resolve(textOf(values, 'from'));
  const options = {
    ...(await readChoice(values)),
    from,
    patience: readSeconds('patience', values),
    settle: readSeconds('settle', values),
  };
  return tellApplied(await installSetup(openMachine('/'), options));
}

async function uninstall(values: Values): Promise<number> {
  const options = {
    purge: values['purge'] === true,
    force: values['force'] === true,
    listen: textOf(values, 'listen'),
    settle: readSeconds('settle', values),
  };
  return tellReverted(await uninstallSetup(openMachine('/'), options), 'nothing to take away');
}

/** `criproxy setup install`. */
export const runSetupInstall = tellingFaults(install);

/** `criproxy setup uninstall`. */
export const runSetupUninstall = tellingFaults(uninstall);
