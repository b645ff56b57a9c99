import { adminSocket } from '../grammar/admin-socket.ts';
import type { CommandRow } from '../grammar/command-row.ts';

/** `criproxy reload`. */
export const reloadRow: CommandRow = {
  name: 'reload',
  summary: 'have the running daemon read its configuration file again',
  options: [adminSocket],
  notes: [
    'The same as systemctl reload criproxy, or SIGHUP, and says what has changed. Runtimes with their sockets, handlers, annotations, pins, labels and times, imageNames, imageFs, streamUrl, streamPort, listTimeout, maxSnapshotAge and logLevel change at once, and no call fails for it; listen, ids, stateDir, adminSocket, metrics, otlp, enableFaults and logFormat wait for a restart. A file with a fault is refused as a whole.',
    'Flags that the daemon was started with win over the file, and change at a restart only.',
  ],
  exits: { 1: 'refused, and the configuration is as it was; or the daemon cannot be asked' },
  load: async () => (await import('./reload-command.ts')).runReload,
};
