import { defaultOfFlag } from '../../config/daemon-flags.ts';
import { knownRuntimes } from '../../setup/primary.ts';
import type { CommandRow, OptionRow } from '../grammar/command-row.ts';

const listen: OptionRow = {
  name: 'listen',
  type: 'string',
  value: 'SOCKET',
  default: defaultOfFlag('listen'),
  help: "the service's socket",
};

const settle: OptionRow = {
  name: 'settle',
  type: 'string',
  value: 'SECONDS',
  default: '10',
  help: 'how long the kubelet must stay up',
};

const exits = {
  3: 'the kubelet was left alone, because something about it is not understood; the output names it and the steps to do by hand',
  5: 'a step failed, and going back failed too: the node is not as it was',
};

/** The commands that point this node's kubelet to criproxy, and back. */
export const setupRows: readonly CommandRow[] = [
  {
    name: 'setup status',
    summary: "show where this node's kubelet gets its runtime endpoint, and the edits of apply",
    options: [
      { name: 'json', type: 'boolean', help: 'as JSON' },
      listen,
      { name: 'root', type: 'string', value: 'FOLDER', default: '/', help: "look at a copy of a node's files" },
    ],
    exits: { 3: "something about this node's kubelet is not understood" },
    load: async () => (await import('./setup-command.ts')).runSetupStatus,
  },
  {
    name: 'setup apply',
    summary: 'start the service, point the kubelet to it, restart the kubelet if something changed',
    options: [
      {
        name: 'primary',
        type: 'string',
        value: ['detect', ...Object.keys(knownRuntimes)].join('|'),
        default: 'detect',
        help: 'the primary runtime; detect takes the runtime that the kubelet uses now',
      },
      {
        name: 'other',
        type: 'string',
        value: 'ID:SOCKET,...',
        help: 'the other runtimes, as in -connect, without the primary',
      },
      {
        name: 'answers',
        type: 'boolean',
        help: 'take --primary and --other as answers to the questions of the package: they count if they have changed since the last time, or where nothing has been chosen',
      },
      { name: 'restart', type: 'boolean', help: 'restart the service though it runs, as after an upgrade' },
      {
        name: 'fall-back',
        type: 'string',
        value: 'PROGRAM',
        help: 'the program to go back to when the installed one does not serve',
      },
      listen,
      {
        name: 'patience',
        type: 'string',
        value: 'SECONDS',
        default: '20',
        help: 'how long the service may take to answer',
      },
      settle,
    ],
    notes: [
      'The package does this when it is installed. Each edit is recorded; if a step fails, everything is put back: after exit status 1 the node is as it was.',
    ],
    exits,
    load: async () => (await import('./setup-command.ts')).runSetupApply,
  },
  {
    name: 'setup revert',
    summary: 'undo the edits of apply, and restart the kubelet',
    options: [
      { name: 'stop', type: 'boolean', help: 'stop the service afterwards' },
      { name: 'force', type: 'boolean', help: 'leave pods of other runtimes behind' },
      listen,
      settle,
    ],
    notes: [
      'The package does this when it is removed. A file that was changed since apply stays as it is, and is named. Pods that run on other runtimes than the primary are listed, and nothing is changed.',
    ],
    exits: { ...exits, 4: 'nothing was changed: pods run on other runtimes than the primary' },
    load: async () => (await import('./setup-command.ts')).runSetupRevert,
  },
];
