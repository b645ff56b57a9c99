import { test } from 'tap';
import { loads } from './loads.ts';
import { tableOf } from './node-table.ts';
import type { Slice } from './slice.ts';

/** A slice of 10 s, of a process with so many MiB; undefined: with none in between. */
function sliceOf(resident: number | undefined): Slice {
  return {
    elapsed: 10,
    own: { cpu: 12_345_678, wakeUps: 98_765, written: 123_456, logged: 1_234_567 },
    client: 9_999_999,
    runtimes: 9_999_999,
    others: 19_999_999,
    times: { '/runtime.v1.RuntimeService/ListContainerStats': Array.from({ length: 99_999 }, () => 123_456) },
    streamed: 12_345,
    resident,
    proportional: resident,
  };
}

const table = tableOf(
  loads.find(({ name }) => name.startsWith('ListContainers'))!,
  new Map(['direct', 'pipe', 'go relay', 'proxy'].map((name, at) => [name, [sliceOf(at === 0 ? undefined : 1234)]])),
);

test('no line is longer than 80 columns, with large figures', async t => {
  for (const line of table) t.ok(line.length <= 80, line);
});

test('figures are shares of a core and rates a second', async t => {
  const row = table.find(line => line.startsWith('proxy'))!;
  t.match(row, /^proxy +123\.46 +100\.00 +100\.00 +9876\.5 +12346 +123457 +1234\.0 +1234\.0$/);
});

test('a target without a process in between has no figures of one', async t => {
  t.match(table.find(line => line.startsWith('direct'))!, /^direct +- +100\.00 +100\.00$/);
});
