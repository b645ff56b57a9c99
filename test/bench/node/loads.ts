import { type NodePopulation, populationOf } from './population.ts';
import { type LoadRow, recordedLoad } from './recorded-load.ts';

/** The load that is played to each target in turn. */
export interface NodeLoad {
  readonly name: string;
  readonly population: NodePopulation;
  readonly rows: readonly LoadRow[];
}

/** The recorded kubelet's calls a second, of all methods. */
const RATE = 14;

/** One row at that rate. */
function alone(method: string, population: NodePopulation): NodeLoad {
  const row = recordedLoad.find(each => each.method === method)!;
  return { name: `${method}, ${RATE} a second`, population, rows: [{ ...row, everySeconds: 1 / RATE }] };
}

function node(pods: number): NodeLoad {
  return { name: `node of ${pods} pods`, population: populationOf(pods), rows: recordedLoad };
}

export const loads: readonly NodeLoad[] = [
  { name: 'no calls', population: populationOf(110), rows: [] },
  alone('Version', populationOf(40, 40)),
  { ...alone('ListContainers', populationOf(40, 40)), name: `ListContainers of 2x20, ${RATE} a second` },
  node(20),
  node(110),
  node(500),
];

export const memoryLoad = loads.find(({ name }) => name === 'node of 110 pods')!;
