import { summarize } from '../stats.ts';
import type { NodeLoad } from './loads.ts';
import { figuresOf, type Slice, type SlicesByTarget } from './slice.ts';

/** The lines of a table with the costs of a load, 80 columns wide. */
export function tableOf({ name }: NodeLoad, all: SlicesByTarget): string[] {
  return ['', ...headline(name, all), '', ...costs(all), ...timesByMethod(all)];
}

/** The load, and the share of the machine that other processes used. */
export function headline(name: string, all: SlicesByTarget): string[] {
  const slices = [...all.values()].flat();
  const { calls, others } = figuresOf(slices);
  const seconds = slices.reduce((sum, { elapsed }) => sum + elapsed, 0);
  const turns = all.values().next().value!.length;
  const rate = (calls / seconds).toFixed(1);
  const length = (seconds / slices.length).toFixed(0);
  const busy = `all other processes used ${others.toFixed(0)} % of a core`;
  return [name, `${rate} calls/s, in ${turns} turns of ${length} s; ${busy}`];
}

const widths = [11, 7, 7, 9, 10, 9, 9, 9, 8] as const;

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(widths[0]) + cells.map((cell, at) => cell.padStart(widths[at + 1]!)).join('');
}

/** A line for each target. */
export function costs(all: SlicesByTarget): string[] {
  const rows = [...all].map(([name, slices]) => {
    const { cpu, client, runtimes, wakeUps, written, logged, resident, proportional } = figuresOf(slices);
    const beside = [client.toFixed(2), runtimes.toFixed(2)];
    if (resident === undefined) return line(name, ['-', ...beside]);
    const rates = [wakeUps.toFixed(1), written.toFixed(0), logged.toFixed(0)];
    return line(name, [cpu.toFixed(2), ...beside, ...rates, resident.toFixed(1), proportional!.toFixed(1)]);
  });
  return [
    `${''.padEnd(widths[0])}       CPU, % of a core  wake-ups     disk      log      RSS     PSS`,
    line('', ['itself', 'client', 'runtimes', '/s', 'B/s', 'B/s', 'MiB', 'MiB']),
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
    ...events(all),
  ];
}

/** How many messages of a stream each target has handed on, where there is one. */
function events(all: SlicesByTarget): string[] {
  const counts = [...all.values()].map(slices => slices.reduce((sum, { streamed }) => sum + streamed, 0));
  if (counts.every(count => count === 0)) return [];
  return [`${'events'.padEnd(26)} ${counts.map(count => String(count).padStart(12)).join(' ')}`];
}

export function timesOf(slices: readonly Slice[], path: string) {
  return summarize(slices.map(({ times, elapsed }) => ({ times: times[path] ?? [], elapsed, cpu: undefined })));
}

function milliseconds(microseconds: number): string {
  const ms = microseconds / 1000;
  return ms.toFixed(ms < 100 ? 2 : 0).padStart(6);
}
