import { id } from '../messages.ts';

/** The pods and containers of one runtime, or of the whole node. */
export interface Population {
  /** The runtime's name, which its ids begin with. */
  readonly name: string;
  readonly pods: number;
  readonly containers: number;
  readonly images: number;
}

/** The id of the second runtime in `-connect`, and the prefix of its ids. */
export const secondId = 'b';

/** The share of the recorded node: 24 containers in 20 pods, half of them with exec probes, two logs rotated at a time. */
const CONTAINERS_OF_A_POD = 1.2;
const IMAGES_OF_A_POD = 0.5;
const PROBED = 0.5;
const ROTATED = 2;

export interface NodePopulation {
  /** The whole population in one runtime, and its halves in two. */
  readonly whole: Population;
  readonly halves: readonly [Population, Population];
}

export function populationOf(pods: number, containers = Math.round(pods * CONTAINERS_OF_A_POD)): NodePopulation {
  const images = Math.ceil(pods * IMAGES_OF_A_POD);
  const half = (name: string, round: (count: number) => number) => ({
    name,
    pods: round(pods / 2),
    containers: round(containers / 2),
    images: round(images / 2),
  });
  return {
    whole: { name: 'a', pods, containers, images },
    halves: [half('a', Math.ceil), half(secondId, Math.floor)],
  };
}

/** The number of items of each kind that calls are made for. */
export function countsOf({ whole }: NodePopulation) {
  return {
    node: 1,
    pod: whole.pods,
    container: whole.containers,
    probed: Math.round(whole.containers * PROBED),
    rotated: Math.min(ROTATED, whole.containers),
  };
}

/** Ids of all containers as the client of a proxy sees them; the two runtimes take turns. */
export function containerIds({ halves }: NodePopulation): string[] {
  const [first, second] = halves.map(({ name, containers }, at) =>
    Array.from({ length: containers }, (_, i) => (at === 0 ? '' : `${secondId}__`) + containerId(name, i)),
  ) as [string[], string[]];
  return first.flatMap((each, i) => (second[i] === undefined ? [each] : [each, second[i]]));
}

export function containerId(name: string, i: number): string {
  return id(`${name}c`, i).toString();
}

export function podId(name: string, i: number): string {
  return id(`${name}s`, i).toString();
}
