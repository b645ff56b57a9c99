import { isSameSocket } from '../transport/sockets/same-socket.ts';

/** A CRI endpoint as a path: `unix:///run/x.sock` and `/run/x.sock` are one, and /var/run is /run. */
export function endpointPath(endpoint: string): string {
  return endpoint
    .replace(/^unix:(\/\/)?/, '')
    .replace(/^\/+/, '/')
    .replace(/^\/var\/run\//, '/run/');
}

/** The links of a copy of a node (--root) are not followed: these are the links of this machine. */
export function sameEndpoint(one: string, other: string): boolean {
  return isSameSocket(endpointPath(one), endpointPath(other));
}
