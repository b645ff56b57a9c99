import { adminSocket } from '../grammar/admin-socket.ts';
import type { CommandRow } from '../grammar/command-row.ts';

/** The commands that inject faults, for tests of a node. */
export const faultRows: readonly CommandRow[] = [
  {
    name: 'faults show',
    summary: 'show the faults that are injected into the calls to runtimes',
    options: [
      { name: 'output', short: 'o', type: 'string', value: 'table|json', default: 'table', help: 'the form' },
      adminSocket,
    ],
    load: async () => (await import('./faults-command.ts')).showFaults,
  },
  {
    name: 'faults add',
    summary: 'inject a fault into the calls to runtimes, on a node for tests; prints its id',
    options: [
      { name: 'method', type: 'string', value: 'GLOB', default: '*', help: 'which methods, as RunPodSandbox, List*' },
      { name: 'runtime', type: 'string', value: 'ID', help: 'which runtime, primary being one (default all)' },
      { name: 'delay', type: 'string', value: 'DURATION', help: 'wait first, as 500ms, 2s' },
      {
        name: 'error',
        type: 'string',
        value: 'CODE[:MESSAGE]',
        help: 'fail with this gRPC code, as Unavailable:disk is gone; the runtime does not get the call',
      },
      { name: 'hang', type: 'boolean', help: 'never answer: until the client gives up, or the fault is cleared' },
      { name: 'drop', type: 'boolean', help: 'cut the connection to the runtime, and fail with Unavailable' },
      { name: 'times', type: 'string', value: 'N', help: 'only for the next N calls that fit' },
      { name: 'probability', type: 'string', value: 'P', help: 'for each call with this probability, as 0.1' },
      adminSocket,
    ],
    notes: [
      'The daemon must run with -enableFaults; without it calls go on untouched. Faults are in force until they are cleared or the daemon ends.',
      'If several faults fit a call, their delays add up, and the call ends with the first error, hang or drop.',
    ],
    load: async () => (await import('./faults-command.ts')).addFault,
  },
  {
    name: 'faults clear',
    operands: '[ID]',
    summary: 'take back one fault, or all; calls that hang in it fail',
    options: [adminSocket],
    load: async () => (await import('./faults-command.ts')).clearFaults,
  },
];
