import { isSameSocket } from '../transport/sockets/same-socket.ts';

export interface OwnSockets {
  readonly listen: string;
  readonly adminSocket: string | undefined;
  /** Further sockets for clients. */
  readonly sockets: ReadonlyArray<{ readonly path: string }>;
}

/** The option that has one of criproxy's own sockets, as a message names it. */
type OwnName = '-listen' | '-adminSocket' | 'sockets';

/** Which of criproxy's own sockets a path is, by any path to it: a runtime there would be criproxy itself. */
export function ownSocketAt(path: string, { listen, adminSocket, sockets }: OwnSockets): OwnName | undefined {
  if (isSameSocket(path, listen)) return '-listen';
  if (adminSocket !== undefined && isSameSocket(path, adminSocket)) return '-adminSocket';
  return sockets.some(socket => isSameSocket(path, socket.path)) ? 'sockets' : undefined;
}
