import { summarize } from '../stats.ts';
import type { NodeLoad } from './loads.ts';
import { figuresOf, type Slice, type SlicesByTarget } from './slice.ts';

/** The lines of a table of what a load has cost, 80 columns wide. */
export function tableOf({ name }: NodeLoad, all: SlicesByTarget): string[] {
  return ['', headline(name, all), '', ...costs(all), ...timesByMethod(all)];
}

function headline(name: string, all: SlicesByTarget): string {
  const slices = [...all.values()].flat();
  const { calls, others } = figuresOf(slices);
  const seconds = slices.reduce((sum, { elapsed }) => sum + elapsed, 0);
  const each = all.values().next().value!.length;
  const rate = (calls / seconds).toFixed(1);
  const length = (seconds / slices.length).toFixed(0);
  return `${name}: ${rate} calls/s, ${each} x ${length} s each; others used ${others.toFixed(0)} % of a core`;
}

function costs(all: SlicesByTarget): string[] {
  const rows = [...all].map(([kind, slices]) => {
    const { cpu, client, runtimes, wakeUps, written, logged, resident, proportional } = figuresOf(slices);
    const beside = [client, runtimes].map(share => share.toFixed(2).padStart(8));
    if (resident === undefined) return `${kind.padEnd(9)}${'-'.padStart(9)}${beside.join('')}`;
    const rest = [wakeUps.toFixed(1), written.toFixed(0), logged.toFixed(0)].map(text => text.padStart(9));
    const memory = [resident, proportional!].map(size => size.toFixed(1).padStart(8));
    return `${kind.padEnd(9)}${cpu.toFixed(2).padStart(9)}${beside.join('')}${rest.join('')} ${memory.join('')}`;
  });
  return [
    `${''.padEnd(9)}  CPU, % of a core${''.padEnd(9)}wake-ups     disk      log     MiB     MiB`,
    `${''.padEnd(9)}   itself  client runtimes       /s      B/s      B/s     RSS     PSS`,
    ...rows,
  ];
}

function timesByMethod(all: SlicesByTarget): string[] {
  const paths = [...new Set([...all.values()].flatMap(slices => slices.flatMap(({ times }) => Object.keys(times))))];
  if (paths.length === 0) return [];
  const kinds = [...all.keys()];
  const rows = paths.map(path => {
    const cells = kinds.map(kind => {
      const { p50, p99 } = timesOf(all.get(kind)!, path);
      return milliseconds(p50) + milliseconds(p99);
    });
    const calls = timesOf(all.get(kinds[0]!)!, path).calls;
    return `${path.slice(path.lastIndexOf('/') + 1).padEnd(19)}${String(calls).padStart(7)} ${cells.join(' ')}`;
  });
  return [
    '',
    `${'p50 and p99 in ms'.padEnd(19)}${'calls'.padStart(7)} ${kinds.map(kind => kind.padStart(12)).join(' ')}`,
    ...rows,
  ];
}

export function timesOf(slices: readonly Slice[], path: string) {
  return summarize(slices.map(({ times, elapsed }) => ({ times: times[path] ?? [], elapsed, cpu: undefined })));
}

function milliseconds(microseconds: number): string {
  const ms = microseconds / 1000;
  return ms.toFixed(ms < 100 ? 2 : 0).padStart(6);
}
