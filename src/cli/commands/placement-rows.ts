import { adminSocket } from '../grammar/admin-socket.ts';
import type { CommandRow } from '../grammar/command-row.ts';

/** `criproxy place` and `criproxy retire`. */
export const placementRows: readonly CommandRow[] = [
  {
    name: 'place',
    summary: 'say on which runtime a pod would run, and why',
    options: [
      {
        name: 'pod',
        type: 'string',
        value: 'FILE|NAMESPACE/NAME',
        help: 'a YAML file with a Pod, or a workload with a pod template; or a pod that a runtime lists',
      },
      adminSocket,
    ],
    notes: [
      'Each rule is shown with its outcome; the first that fits decides. The handler of a RuntimeClass is taken to be its name, since the daemon does not ask the API server. A share needs the uid of the pod, which a file may have in its metadata.',
    ],
    exits: { 1: 'the pod would be refused, or is not known; or the daemon cannot be asked' },
    load: async () => (await import('./place-command.ts')).runPlace,
  },
  {
    name: 'retire',
    operands: 'ID',
    summary: 'let a runtime take no new pods, and show the pods that are left on it',
    options: [
      { name: 'undo', type: 'boolean', help: 'let it take new pods again' },
      { name: 'watch', short: 'w', type: 'boolean', help: 'show the pods that are left until there is none' },
      adminSocket,
    ],
    notes: [
      'ID is the id of a runtime, or primary. Pods that the runtime has go on. The retirement lasts over restarts of the daemon, until --undo; retiring in the configuration file does the same. When no pod is left, the runtime can be removed from the configuration: criproxy reload warns of nothing then.',
    ],
    exits: {
      1: 'the runtime is not known; or the daemon cannot be asked',
      3: 'with --undo: the configuration retires it',
    },
    load: async () => (await import('./retire-command.ts')).runRetire,
  },
];
