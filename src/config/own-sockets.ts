import { isSameSocket } from '../transport/sockets/same-socket.ts';
import type { ProxyConfig } from './proxy-config.ts';

/** Which of criproxy's own sockets a path is, by whatever way it leads there: a runtime that is found there would be criproxy itself. */
export function ownSocketAt(
  path: string,
  { listen, adminSocket }: Pick<ProxyConfig, 'listen' | 'adminSocket'>,
): 'listen' | 'adminSocket' | undefined {
  if (isSameSocket(path, listen)) return 'listen';
  return adminSocket !== undefined && isSameSocket(path, adminSocket) ? 'adminSocket' : undefined;
}
