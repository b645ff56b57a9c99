import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { missingPackages } from '../../build/debian-packages.ts';
import { installPackages } from '../../build/prerequisites.ts';
import { bars, misses } from './bars.ts';
import { benchLoop } from './loop-bench.ts';
import { benchNode } from './node/node-bench.ts';
import { packageLevel } from './node/node-rig.ts';
import { benchOptions } from './node/options-bench.ts';
import { buildNativePeers, type NativePeers } from './peers/native-peers.ts';
import { parseDuration, soak } from './soak.ts';
import { benchSockets } from './socket-bench.ts';

/**
 * `npm run bench`: calls in a loop, each kind against the runtime itself and other processes in between. `--node`: the load that a
 * kubelet puts on a node. `--options`: that load, with each option that costs something. `--soak 10m`: that load for so long, to see
 * whether memory stays flat and nothing is left over. `--sockets`: the CPU of a call on the node's socket and on sockets with rules.
 *
 * `--quick`: less of it. `--check`: exit status 1 if a bar in bars.json is missed. `--margin 3`: bars are taken that much wider.
 * `--json FILE`: all figures. `--only TEXT`: only the cases or loads whose name contains it. `--native`: installs, as root, the packages
 * that build the peers on grpc-go; without it the peers are there if the packages are. With --node, --options or --sockets, `--rounds 4`: how often each
 * has its turn; with --node, `--flags '-ids raw'`: more flags of the proxy.
 */
const { values } = parseArgs({
  options: {
    node: { type: 'boolean', default: false },
    options: { type: 'boolean', default: false },
    sockets: { type: 'boolean', default: false },
    soak: { type: 'string' },
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    margin: { type: 'string', default: '1' },
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    native: { type: 'boolean', default: false },
    flags: { type: 'string', default: '' },
    rounds: { type: 'string' },
  },
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printFigures(figures: Readonly<Record<string, number>>): void {
  print('');
  for (const [name, figure] of Object.entries(figures)) {
    const { max, min } = bars[name] ?? {};
    const bar = max !== undefined ? ` (at most ${max})` : min !== undefined ? ` (at least ${min})` : '';
    print(`${figure.toFixed(2).padStart(9)}  ${name}${bar}`);
  }
}

/** Peers on grpc-go, or undefined and a word why not. */
async function findNativePeers(): Promise<NativePeers | undefined> {
  if (values.native) await installPackages(['native'], print);
  const missing = missingPackages('native');
  if (missing.length === 0) return buildNativePeers();
  print(`no native peers: Debian packages ${missing.join(' ')} are missing (--native installs them)`);
  return undefined;
}

interface Measured {
  readonly cases?: unknown;
  readonly figures: Record<string, number>;
}

async function measure(native: NativePeers | undefined): Promise<Measured> {
  const { quick, only } = values;
  if (values.sockets) return { figures: await benchSockets(Number(values.rounds ?? (quick ? 3 : 15))) };
  if (values.soak !== undefined)
    return { figures: await soak({ native, duration: parseDuration(values.soak), print }) };
  if (!values.node && !values.options) return benchLoop({ native, quick, only, print });
  const flags = values.flags.split(' ').filter(flag => flag !== '');
  print(`the proxy runs with -v ${packageLevel}${flags.map(flag => ` ${flag}`).join('')}`);
  // Options differ by less than loads do: short turns spread a disturbance of the machine over all of them.
  const [period, rounds] = quick ? [10_000, 1] : values.options ? [10_000, 6] : [30_000, 2];
  const options = { native, period, rounds: Number(values.rounds ?? rounds), only, flags, print };
  return { figures: await (values.options ? benchOptions(options) : benchNode(options)) };
}

async function main(): Promise<number> {
  const native = values.sockets ? undefined : await findNativePeers();
  const { cases, figures } = await measure(native);
  printFigures(figures);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ cases, figures }, undefined, 2)}\n`);
  if (!values.check) return 0;
  const mode = values.soak !== undefined ? 'soak' : values.node ? 'node' : 'loop';
  const missed = misses(
    figures,
    bar => bar.mode === mode && (native !== undefined || bar.native !== true),
    Number(values.margin),
  );
  for (const miss of missed) print(`missed: ${miss}`);
  return missed.length > 0 ? 1 : 0;
}

process.exitCode = await main();
