import { sameEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { findEndpoints, KUBELET_UNIT } from './kubelet.ts';
import { SetupError } from './setup-error.ts';
import type { Tree } from './tree.ts';

/** A kubelet that runs, and the sockets that it really uses. */
export interface RunningKubelet {
  readonly pid: number;
  /** The runtime endpoint by its own arguments, and the files that they name as they are now; undefined for its default. */
  readonly endpoint: string | undefined;
  /** The unix sockets that it is connected to; undefined where that cannot be told. */
  readonly connections: readonly string[] | undefined;
}

export interface ProcessView extends Pick<Host, 'processes' | 'connections'> {
  readonly files: Tree;
}

function isKubelet(args: readonly string[]): boolean {
  const [program = '', verb] = args;
  const base = program.split('/').at(-1);
  return base === 'kubelet' || (base === 'hyperkube' && verb === 'kubelet');
}

function readEndpoint(host: ProcessView, pid: number, words: readonly string[], minor: number | undefined) {
  const origin = { file: `/proc/${pid}/cmdline`, syntax: 'unit', key: 'ExecStart' } as const;
  try {
    const args = words.map(text => ({ text, origin }));
    return findEndpoints(host.files, { args, minor, folder: '/' }).endpoint?.value;
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    return undefined;
  }
}

/** The kubelet of a unit: the process of that name, also below a script; else the unit's main process, which has it inside. */
export function findRunningKubelet(
  host: ProcessView,
  minor: number | undefined,
  unit: string = KUBELET_UNIT,
): RunningKubelet | undefined {
  const processes = host.processes(unit);
  const found = processes.find(({ args }) => isKubelet(args)) ?? processes[0];
  if (found === undefined) return undefined;
  const { pid, args } = found;
  return { pid, endpoint: readEndpoint(host, pid, args, minor), connections: host.connections(pid) };
}

/** Whether a kubelet that runs uses a socket: its connections count, or its arguments if the connections are not known. */
export function usesSocket({ endpoint, connections }: RunningKubelet, socket: string): 'yes' | 'no' | 'unknown' {
  if (connections !== undefined) return connections.some(path => sameEndpoint(path, socket)) ? 'yes' : 'no';
  if (endpoint === undefined) return 'unknown';
  return sameEndpoint(endpoint, socket) ? 'yes' : 'no';
}

/** Its connections, for people: the sockets of runtimes, which end in .sock, and no other. */
export function describeConnections({ connections, endpoint }: RunningKubelet): string {
  if (connections === undefined) return `its arguments and files name ${endpoint ?? 'no endpoint'}`;
  const sockets = connections.filter(path => path.endsWith('.sock'));
  return sockets.length === 0 ? 'it is connected to no runtime' : `it is connected to ${sockets.join(', ')}`;
}
