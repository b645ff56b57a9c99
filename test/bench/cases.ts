import { statusRequest } from './messages.ts';

/** The library that the client and the runtimes of a case use; `native` is grpc-go. */
export type Library = 'own' | 'grpc-js' | 'native';

/**
 * One kind of call. `direct` is the runtime itself, `proxy` the program, `relay` the least proxy on grpc-js, `pipe` a process that
 * only hands bytes on.
 */
export interface Case {
  readonly name: string;
  readonly library: Library;
  readonly path: string;
  readonly request: Buffer;
  /** Each runtime's list, which chooses the sockets: the number of containers, with `~` if the list differs each time. */
  readonly list: string;
  readonly runtimes: number;
  readonly parallel: number;
  /** Connections that the calls are spread over; undefined: one. */
  readonly clients?: number;
  /** Calls to each target in each round. */
  readonly calls: number;
}

const service = '/runtime.v1.RuntimeService';
const nothing = Buffer.alloc(0);

function peers(library: Library): string {
  return library === 'own' ? '' : `, ${library} peers`;
}

function small(method: string, request: Buffer, library: Library, parallel: number): Case {
  const name = `${method}, ${parallel} at a time${peers(library)}`;
  const calls = parallel === 1 ? 1000 : 4000;
  return { name, library, path: `${service}/${method}`, request, list: '100', runtimes: 1, parallel, calls };
}

function list(containers: number, runtimes: number, library: Library, parallel: number, changing = false): Case {
  const what = `ListContainers of ${containers}${changing ? ' that change' : ''}`;
  const name = `${what}, ${runtimes} runtime${runtimes > 1 ? 's' : ''}, ${parallel} at a time${peers(library)}`;
  const calls = Math.round((parallel === 1 ? 20_000 : 30_000) / containers);
  return {
    name,
    library,
    path: `${service}/ListContainers`,
    request: nothing,
    list: `${containers}${changing ? '~' : ''}`,
    runtimes,
    parallel,
    calls,
  };
}

/** The same number of parallel calls, by few clients or by many. */
function shared(clients: number): Case {
  return { ...small('Version', nothing, 'own', 200), name: `Version, 200 at a time, ${clients} clients`, clients };
}

const widths = [1, 8, 64];

export const cases: readonly Case[] = [
  ...widths.map(parallel => small('Version', nothing, 'own', parallel)),
  ...widths.map(parallel => small('ContainerStatus', statusRequest, 'own', parallel)),
  ...widths.map(parallel => small('Version', nothing, 'grpc-js', parallel)),
  ...[100, 500].flatMap(containers =>
    [1, 2].flatMap(runtimes => widths.map(parallel => list(containers, runtimes, 'own', parallel))),
  ),
  ...[100, 500].map(containers => list(containers, 2, 'own', 1, true)),
  list(100, 2, 'grpc-js', 1),
  ...widths.map(parallel => small('Version', nothing, 'native', parallel)),
  ...widths.map(parallel => small('ContainerStatus', statusRequest, 'native', parallel)),
  ...[false, true].map(changing => list(100, 2, 'native', 1, changing)),
  ...[2, 200].map(shared),
];
