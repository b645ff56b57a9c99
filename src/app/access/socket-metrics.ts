import { codeLabels } from '../../watch/call-codes.ts';
import type { Metric } from '../../watch/counters.ts';
import type { SocketStats } from '../../watch/socket-stats.ts';

/** The metrics of each socket beside the node's own. */
export function socketMetrics(
  stats: SocketStats,
  sockets: () => ReadonlyArray<{ readonly path: string; readonly connections: number }>,
): readonly Metric[] {
  return [
    {
      name: 'criproxy_socket_calls_total',
      help: 'Calls on a socket of the option sockets that have ended; criproxy_calls_total counts them too.',
      type: 'counter',
      labels: ['socket', 'code'],
      *read() {
        for (const [socket, codes] of stats.codes) {
          for (const [code, count] of codes.entries()) if (count > 0) yield [[socket, codeLabels[code]!], count];
        }
      },
    },
    {
      name: 'criproxy_socket_connections',
      help: 'Open connections on a socket of the option sockets.',
      type: 'gauge',
      labels: ['socket'],
      *read() {
        for (const { path, connections } of sockets()) yield [[path], connections];
      },
    },
  ];
}
