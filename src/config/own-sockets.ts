import { isSameSocket } from '../transport/sockets/same-socket.ts';

export interface OwnSockets {
  readonly listen: string;
  readonly adminSocket: string | undefined;
}

/** Which of criproxy's own sockets a path is, by any path to it: a runtime there would be criproxy itself. */
export function ownSocketAt(path: string, { listen, adminSocket }: OwnSockets): 'listen' | 'adminSocket' | undefined {
  if (isSameSocket(path, listen)) return 'listen';
  return adminSocket !== undefined && isSameSocket(path, adminSocket) ? 'adminSocket' : undefined;
}
