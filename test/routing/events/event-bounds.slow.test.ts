import { queryObjects } from 'node:v8';
import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { EventQueue } from '../../../src/routing/events/event-queue.ts';
import { EventLog } from '../../faults/support/event-log.ts';
import { podConfig, Routed, settled } from '../../faults/support/routed.ts';
import { waitFor } from '../../support/child.ts';
import { ModelPort } from '../../support/fakes/model-port.ts';
import { memoryInUse } from '../../support/memory-in-use.ts';

/** The objects that exist for each client that listens. */
const kept = [EventLog, EventQueue, AbortController] as const;

/** So many objects of 1,000 ended streams may not be let go of yet. */
const FEW = 20;

/** The number of objects of a class after a full collection. */
function queryCount(of: (typeof kept)[number]): number {
  return queryObjects(of as new () => object, { format: 'count' });
}

test('1,000 times subscribed and cancelled leaves one subscription to each runtime behind', async t => {
  const lab = new Routed({ ports: [new ModelPort(''), new ModelPort('alt')] });
  t.teardown(() => lab.stop());
  await lab.up();
  await lab.call('RunPodSandbox', podConfig('web', true));
  const watching = lab.alt.watching;
  const cycle = async (index: number) => {
    const client = new AbortController();
    const log = new EventLog(lab.stream('GetContainerEvents', {}, { signal: client.signal }));
    await settled();
    if (index % 10 === 0) {
      lab.alt.goDown();
      await settled();
      lab.alt.comeUp();
    }
    client.abort();
    await waitFor('the end', () => log.ended, { pause: 0 });
    // The journals keep the options of each call.
    for (const { asked } of lab.ports) asked.length = 0;
    return log.ended as { code: number };
  };
  const codes = new Set<number>();
  for (let index = 0; index < 200; index++) codes.add((await cycle(index)).code);
  // Node holds some objects for a moment after their end; none of ours refers to them.
  await waitFor('the first ones to be let go of', () => kept.every(of => queryCount(of) < FEW) || undefined);
  const before = await memoryInUse();
  const counts = kept.map(queryCount);
  for (let index = 0; index < 1_000; index++) codes.add((await cycle(index)).code);
  const more = () => kept.map((of, at) => queryCount(of) - counts[at]!);
  await waitFor('few more objects', () => more().every(count => count < FEW) || undefined).catch(() => {});
  const grown = (await memoryInUse()) - before;
  t.same([...codes].sort(), [Code.Cancelled, Code.Unavailable]);
  for (const [at, count] of more().entries()) t.ok(count < FEW, `${count} more of ${kept[at]!.name}`);
  // V8 itself keeps about 1 MB for code that has become hot, however often it runs.
  t.ok(grown < 3_000_000, `the heap has grown by ${Math.round(grown / 1024)} KiB`);
  await settled();
  t.same([lab.primary.open, lab.alt.open, lab.alt.watching], [1, 1, watching], 'no other stream, call or listener');
  lab.stop();
  await settled();
  t.same([lab.primary.open, lab.alt.open], [0, 0], 'nor these, at the end');
});
