import type { CommandRow } from '../grammar/command-row.ts';

/** The commands on the daemon's configuration that do not run it. */
export const configRows: readonly CommandRow[] = [
  {
    name: 'config check',
    operands: 'FILE',
    summary: 'say whether FILE can be used with -config; every fault with its line',
    options: [],
    load: async () => (await import('./config-command.ts')).runConfigCheck,
  },
  {
    name: 'config show',
    operands: '[flags]',
    summary: 'print the configuration that the daemon would run with, and where each value comes from',
    options: [],
    takesFlags: true,
    notes: ['The flags are the flags of the daemon; the output is a configuration file with the same settings.'],
    load: async () => (await import('./config-command.ts')).runConfigShow,
  },
  {
    name: 'config runtime-classes',
    operands: 'FILE',
    summary: 'print the RuntimeClass objects for the handlers of FILE, for kubectl apply',
    options: [],
    notes: [
      'Pods of such a class are scheduled only to nodes that have the label of the runtime, as criproxy-installer gives it where that is up.',
    ],
    load: async () => (await import('./runtime-classes.ts')).runRuntimeClasses,
  },
];
