import type { OptionRow } from './command-row.ts';

/** Where the daemon's admin socket is, for every command that talks to it. */
export const adminSocket: OptionRow = {
  name: 'admin-socket',
  type: 'string',
  value: 'SOCKET',
  default: '/var/lib/criproxy/admin.sock',
  help: "the daemon's admin socket: admin.sock in its -stateDir, unless -adminSocket says another",
};
