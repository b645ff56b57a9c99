import { daemonOptions } from '../../config/options.ts';
import { adminSocket } from '../grammar/admin-socket.ts';
import type { CommandRow } from '../grammar/command-row.ts';

/** Keys of the file, by the effect that a reload has on them. */
function keys(reload: 'live' | 'restart'): string {
  const found = daemonOptions.filter(option => option.reload === reload).map(({ key }) => key);
  return `${found.slice(0, -1).join(', ')} and ${found.at(-1)}`;
}

/** `criproxy reload`. */
export const reloadRow: CommandRow = {
  name: 'reload',
  summary: 'have the running daemon read its configuration file again',
  options: [adminSocket],
  notes: [
    `The same as systemctl reload criproxy, or SIGHUP, and prints the changes. The list of runtimes, every option of a runtime, and the keys ${keys('live')} change at once, and no call fails for it; the keys ${keys('restart')} wait for a restart. A file with a fault is refused as a whole.`,
    'Flags that the daemon was started with win over the file, and change at a restart only.',
  ],
  exits: { 1: 'refused, and the configuration is as it was; or the daemon cannot be asked' },
  load: async () => (await import('./reload-command.ts')).runReload,
};
