import { endpointPath } from './endpoint.ts';
import { parseEnvFile } from './env-file.ts';
import type { Host } from './host.ts';
import type { Primary } from './primary.ts';
import { findObstacles } from './reach.ts';
import type { ServiceNeeds } from './services.ts';

/** The operator's own file, which beats the choice of the set-up. */
const DEFAULTS = '/etc/default/criproxy';

const UNITS = '/etc/systemd/system';

/** Whether a node runs a service: now, or at its next start. */
function isRun(host: Host, unit: string): boolean {
  const folders = host.files.list(UNITS).filter(name => /\.(wants|requires)$/.test(name));
  const isEnabled = folders.some(folder => host.files.exists(`${UNITS}/${folder}/${unit}`));
  return isEnabled || host.processes(unit).length > 0;
}

/** The sockets of a value of `-connect`. */
function listSockets(connect: string): string[] {
  return connect
    .split(',')
    .map(entry => ({ entry, at: entry.search(/(unix:)?\//) }))
    .filter(({ at }) => at !== -1)
    .map(({ entry, at }) => endpointPath(entry.slice(at).trim()));
}

/** The needs of the daemon's unit on this node, with `connect` for its runtimes. */
export function findServiceNeeds(host: Host, connect: string, { unit, needsDockershim }: Primary): ServiceNeeds {
  const own = parseEnvFile(host.files.read(DEFAULTS) ?? '').findLast(({ name }) => name === 'CRIPROXY_CONNECT')?.value;
  const sockets = [...listSockets(connect), ...listSockets(own ?? '')];
  const lines = sockets.flatMap(socket => findObstacles(host.stat, socket)).map(({ line }) => line);
  // The set-up starts the dockershim itself.
  const runs = unit !== undefined && (needsDockershim || isRun(host, unit));
  return { unit, isRun: runs, reach: [...new Set(lines)].sort() };
}
