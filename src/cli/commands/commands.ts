import { adminSocket } from '../grammar/admin-socket.ts';
import type { CommandRow } from '../grammar/command-row.ts';
import { setupRows } from '../setup/setup-rows.ts';
import { traceRows } from '../trace/trace-rows.ts';
import { configRows } from './config-rows.ts';
import { faultRows } from './fault-rows.ts';
import { forgetRow } from './forget-row.ts';
import { placementRows } from './placement-rows.ts';
import { reloadRow } from './reload-row.ts';

/** The commands of the program besides the daemon itself. */
export const commands: readonly CommandRow[] = [
  {
    name: 'status',
    summary: 'show the running daemon and its runtimes',
    options: [
      {
        name: 'output',
        short: 'o',
        type: 'string',
        value: 'table|json|yaml',
        default: 'table',
        help: 'the form; fields of the JSON keep their meaning as long as "format" is 1',
      },
      { name: 'watch', short: 'w', type: 'boolean', help: 'show it again and again until Ctrl-C' },
      { name: 'interval', type: 'string', value: 'SECONDS', default: '2', help: 'how often, with --watch' },
      adminSocket,
    ],
    notes: [
      'Pods and containers are counted in the last good lists of a runtime; SNAPSHOT is how old these are. CALLS/S is of the last 10 s, P50/P99 of the last minute, ERRORS since the daemon started: without NotFound, Cancelled and Unimplemented, which a healthy node shows too.',
    ],
    exits: { 1: 'the daemon cannot be asked', 3: 'a runtime is down that was there before, or the primary' },
    load: async () => (await import('./status-command.ts')).runStatus,
  },
  {
    name: 'doctor',
    summary: 'check the whole chain of this node, from the kubelet to the runtimes',
    options: [
      { name: 'all', type: 'boolean', help: 'explain the checks that passed, too' },
      {
        name: 'output',
        short: 'o',
        type: 'string',
        value: 'text|json',
        default: 'text',
        help: 'the form; fields of the JSON keep their meaning as long as "format" is 1',
      },
      adminSocket,
    ],
    notes: [
      'For each fault it tells the consequence and the commands that mend it; it changes nothing itself. As another user than root it names the checks that it could not make.',
    ],
    exits: { 3: 'there are warnings, or checks that could not be made', 4: 'there are failures' },
    load: async () => (await import('./doctor-command.ts')).runDoctor,
  },
  reloadRow,
  forgetRow,
  ...placementRows,
  ...traceRows,
  {
    name: 'log-level',
    operands: '[LEVEL]',
    summary: 'show or change how much the running daemon logs',
    options: [
      {
        name: 'for',
        type: 'string',
        value: 'DURATION',
        help: 'when to go back to the level before, as 10m or 1h30m, at most 24h; 0 keeps the new one until the daemon ends (default 15m)',
      },
      adminSocket,
    ],
    notes: [
      'LEVEL is 0 to 5, as of the flag -v. Without it the level is shown. A level that comes from the configuration file is in force again after a reload that changes it.',
    ],
    load: async () => (await import('./log-level-command.ts')).runLogLevel,
  },
  ...faultRows,
  ...configRows,
  ...setupRows,
];
