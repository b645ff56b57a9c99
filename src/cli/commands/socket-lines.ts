import type { SocketReport } from '../../admin/api/socket-report.ts';
import type { DaemonReport } from '../../admin/api/status-report.ts';
import { formatCount, printable } from '../terminal/figures.ts';
import type { Paint } from '../terminal/paint.ts';

/** Each socket beside the node's own in a line: its rules, and the calls of its clients. */
export function socketLines(
  { sockets = [] }: DaemonReport,
  wrapped: (text: string) => readonly string[],
  paint: Paint,
): string[] {
  return sockets.flatMap(socket => {
    const lines = wrapped(printable(describe(socket)));
    return socket.served ? lines : lines.map(line => paint('bad', line));
  });
}

function describe({ path, served, reason, calls, denied, limited, connections, ...rules }: SocketReport): string {
  if (!served) return `${path} is not served: ${reason}`;
  const { allow, redact, namespaces, rate } = rules;
  const limits = [
    allow.join(', '),
    ...(redact ? ['redacted'] : []),
    ...(namespaces === null ? [] : [`namespaces ${namespaces.join(', ')}`]),
    ...(rate === null ? [] : [`${rate} calls/s`]),
  ];
  const counts = `${connections} connected, ${formatCount(calls)} calls, ${formatCount(denied)} denied, ${formatCount(limited)} over a limit`;
  return `${path}: ${limits.join('; ')}: ${counts}`;
}
