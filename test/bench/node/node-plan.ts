import type { Plan } from '../peers/plan.ts';
import { field, number } from '../protobuf.ts';
import { containerIds, countsOf, type NodePopulation } from './population.ts';
import { type LoadRow, pathOf } from './recorded-load.ts';

/** The time between two calls that are made in turn, in ms. */
const TURN = 3;

/** The golden ratio's share of a whole: multiples of it are spread evenly, however many there are. */
const SPREAD = 0.618034;

/** The calls that a kubelet makes to a node in a period of `period` ms. The plan is the same each time. */
export function makePlan(rows: readonly LoadRow[], population: NodePopulation, period: number): Plan {
  const counts = countsOf(population);
  const ids = containerIds(population);
  const calls = new Map<string, number>();
  const entries: [number, number, number][] = [];
  for (const row of rows.filter(({ at }) => at !== 'stream')) {
    const every = row.everySeconds * 1000;
    for (let item = 0; item < counts[row.forEach]; item++) {
      const key = `${pathOf(row)} ${requestOf(row, ids[item]).toString('base64')}`;
      const call = calls.get(key) ?? calls.size;
      calls.set(key, call);
      for (let at = firstOf(row, item); at < period; at += every)
        entries.push([at, call, row.connection === 'image' ? 1 : 0]);
    }
  }
  const stream = rows.find(({ at }) => at === 'stream');
  return {
    period,
    calls: [...calls.keys()].map(key => {
      const [path, request] = key.split(' ') as [string, string];
      return { path, request };
    }),
    entries: entries.sort(([one], [other]) => one - other),
    stream: stream === undefined ? undefined : pathOf(stream),
  };
}

/** The time of a row's first call for the item with this number, in ms. */
function firstOf({ at, everySeconds }: LoadRow, item: number): number {
  if (at === 'in turn') return item * TURN;
  return at === 'spread' ? ((item * SPREAD) % 1) * everySeconds * 1000 : 0;
}

function requestOf({ request }: LoadRow, container = ''): Buffer {
  switch (request) {
    case 'none':
      return Buffer.alloc(0);
    case 'any':
      return field(1, '');
    case 'running':
      return field(1, field(2, number(1, 1)));
    case 'version':
      return field(1, '0.1.0');
    case 'container':
      return field(1, container);
    case 'exec':
      return Buffer.concat([field(1, container), field(2, '/bin/ready'), number(3, 1)]);
  }
}
