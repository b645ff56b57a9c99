import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { memoryLoad } from './loads.ts';
import { type NodeBenchOptions, playLoad } from './node-bench.ts';
import { adminSocketOf, NodeRig, type ProxyVariant, packageLevel, type Target } from './node-rig.ts';
import { costs, headline } from './node-table.ts';
import { ratioOf } from './slice.ts';

/** Prometheus' interval between scrapes in most set-ups, in ms; its default is a minute. */
const SCRAPES = 15_000;

/** A proxy with an option, and the work that it is given all the time. */
interface OptionVariant extends ProxyVariant {
  readonly beside?: (target: Target, rig: NodeRig) => Promise<ChildProcess> | undefined;
}

const plain = 'as packaged';

function variants(collector: string): readonly OptionVariant[] {
  const levels = [0, 2, 3, 4, 5].filter(level => level !== packageLevel);
  return [
    { name: plain },
    ...levels.map(level => ({ name: `-v ${level}`, flags: ['-v', String(level)] })),
    { name: '-ids raw', flags: ['-ids', 'raw'] },
    { name: 'metrics', beside: scrapeForever },
    { name: 'trace', beside: followTrace },
    { name: '-otlp', flags: ['-otlp', collector] },
  ];
}

/** Plays the load of one node to a proxy as packaged and to one with each option, in turn, and prints the cost of each. */
export async function benchOptions(options: NodeBenchOptions): Promise<Record<string, number>> {
  const collector = createServer((incoming, response) => {
    incoming.resume().once('end', () => response.end('{}'));
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const proxies = variants(`http://127.0.0.1:${(collector.address() as AddressInfo).port}`);
  const { native, print } = options;
  const rig = new NodeRig({ native, population: memoryLoad.population, proxies, others: false });
  try {
    await rig.start();
    const started: (ChildProcess | undefined)[] = [];
    for (const [at, { beside }] of proxies.entries()) started.push(await beside?.(rig.targets[at]!, rig));
    const measured = await playLoad(rig, memoryLoad, options);
    if (started.some(child => child !== undefined && child.exitCode !== null))
      throw new Error('what was to run beside a proxy has ended, so its cost was not measured');
    for (const line of ['', ...headline(memoryLoad.name, measured), '', ...costs(measured)]) print(line);
    const base = measured.get(plain)!;
    return Object.fromEntries(
      [...measured].map(([name, slices]) => [`${name}: CPU, to ${plain}`, ratioOf(slices, base)]),
    );
  } finally {
    collector.close().closeAllConnections();
    await rig.stop();
  }
}

function scrapeForever(target: Target): undefined {
  const scrape = () => {
    const asked = request({ socketPath: adminSocketOf(target), path: '/metrics', agent: false });
    asked.on('response', response => response.resume()).on('error', () => undefined);
    asked.end();
  };
  scrape();
  setInterval(scrape, SCRAPES).unref();
}

function followTrace(target: Target, rig: NodeRig): Promise<ChildProcess> {
  return rig.processes.startProgram(['trace', '--admin-socket', adminSocketOf(target)], 'ignore');
}
