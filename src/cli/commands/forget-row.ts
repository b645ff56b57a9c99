import { adminSocket } from '../grammar/admin-socket.ts';
import type { CommandRow } from '../grammar/command-row.ts';

/** `criproxy forget`. */
export const forgetRow: CommandRow = {
  name: 'forget',
  operands: 'ID',
  summary: 'do without a runtime that is down and has left this node for good',
  options: [adminSocket],
  notes: [
    'The snapshot of the runtime is removed, and lists leave it out until it is up again. The kubelet then takes its pods for dead, starts them again and unmounts their volumes: only for a runtime whose containers do not run any more. It also helps where both files of a runtime are lost, so that its pods are not known and lists fail with Unavailable.',
  ],
  exits: { 1: 'the runtime is not known, or up; or the daemon cannot be asked' },
  load: async () => (await import('./forget-command.ts')).runForget,
};
