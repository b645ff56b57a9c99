import { states } from '../../cluster/states.ts';
import { defaultOfFlag } from '../../config/daemon-flags.ts';
import { HALFWAY, LEFT_ALONE, PODS_LEFT } from '../../setup/exit-status.ts';
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

const patience: OptionRow = {
  name: 'patience',
  type: 'string',
  value: 'SECONDS',
  default: '20',
  help: 'how long the service may take to answer',
};

/** The choice of the node's runtimes. */
const choice: readonly OptionRow[] = [
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
    name: 'config',
    type: 'string',
    value: 'FILE',
    help: 'a configuration file, which is checked, copied to /etc/criproxy/config.yaml, and says all the runtimes from then on',
  },
];

const force: OptionRow = { name: 'force', type: 'boolean', help: 'leave pods of other runtimes behind' };

const exits = {
  [LEFT_ALONE]:
    'the kubelet was left alone, because something about it is not understood; the output names it and the steps to do by hand',
  [HALFWAY]: 'a step failed, and going back failed too: the node is not as it was',
};

const podsLeft = { [PODS_LEFT]: 'nothing was changed: pods run on other runtimes than the primary' };

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
    exits: { [LEFT_ALONE]: "something about this node's kubelet is not understood" },
    load: async () => (await import('./setup-command.ts')).runSetupStatus,
  },
  {
    name: 'setup apply',
    summary: 'start the service, point the kubelet to it, restart the kubelet if something changed',
    options: [
      ...choice,
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
      patience,
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
    options: [{ name: 'stop', type: 'boolean', help: 'stop the service afterwards' }, force, listen, settle],
    notes: [
      'The package does this when it is removed. A file that was changed since apply stays as it is, and is named. Pods that run on other runtimes than the primary are listed, and nothing is changed.',
    ],
    exits: { ...exits, ...podsLeft },
    load: async () => (await import('./setup-command.ts')).runSetupRevert,
  },
  {
    name: 'setup install',
    summary: 'put the files of an unpacked tar.gz in place, and do what apply does',
    options: [
      {
        name: 'from',
        type: 'string',
        value: 'FOLDER',
        help: 'where the tar.gz was unpacked (default: the folder of this program)',
      },
      ...choice,
      listen,
      patience,
      settle,
    ],
    notes: [
      'For nodes without dpkg: the program goes to /opt/criproxy/bin, its units to /etc/systemd/system, its settings to /etc/default/criproxy where there are none. With another release it is an upgrade: a program that does not serve is replaced by the one before. If a step fails, everything is put back.',
    ],
    exits,
    load: async () => (await import('./install-command.ts')).runSetupInstall,
  },
  {
    name: 'setup uninstall',
    summary: 'do what revert does, and take away what install has put in place',
    options: [
      { name: 'purge', type: 'boolean', help: 'take away the settings and the state too' },
      force,
      listen,
      settle,
    ],
    exits: { ...exits, ...podsLeft },
    load: async () => (await import('./install-command.ts')).runSetupUninstall,
  },
  {
    name: 'node-installer',
    summary: 'in a pod of the DaemonSet: put its node on criproxy or take it off, and stay',
    options: [
      {
        name: 'state',
        type: 'string',
        value: states.join('|'),
        default: 'present',
        help: 'what the node is to have; look only looks whether it could be put on',
      },
      {
        name: 'config',
        type: 'string',
        value: 'FILE',
        default: '/etc/criproxy-installer/config.yaml',
        help: 'the configuration file for the daemon; where there is none, the runtimes are detected',
      },
      {
        name: 'ready',
        type: 'string',
        value: 'FILE',
        default: '/run/criproxy-installer/ready',
        help: 'a file that is there while the node is as it is to be',
      },
      { name: 'interval', type: 'string', value: 'SECONDS', default: '10', help: 'how often the node is looked at' },
      {
        name: 'patience',
        type: 'string',
        value: 'SECONDS',
        default: '180',
        help: 'how long the node may take until all is well after a change',
      },
      { name: 'settle', type: 'string', value: 'SECONDS', default: '15', help: 'how long all must stay well then' },
    ],
    notes: [
      'It is the entrypoint of the image criproxy-installer. It takes NODE_NAME and POD_UID from the environment, and the service account of its pod. A change after which the node is not well is taken back, and not tried again by the same pod with the same configuration.',
    ],
    load: async () => (await import('./installer-command.ts')).runNodeInstaller,
  },
];
