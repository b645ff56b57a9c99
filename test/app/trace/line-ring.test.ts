import { test } from 'tap';
import { LineRing } from '../../../src/app/trace/line-ring.ts';

/** Adds an item only if the ring has room, as a reader does. */
function offer(ring: LineRing<number>, item: number, weight = 1): void {
  if (ring.isFull) ring.lose();
  else ring.add(item, weight);
}

/** The lines as `7`, or `-7` for seven lost ones. */
function drain(ring: LineRing<number>, most = Number.POSITIVE_INFINITY): number[] {
  const out: number[] = [];
  while (out.length < most) {
    const taken = ring.take();
    if (taken === undefined) return out;
    out.push('lost' in taken ? -taken.lost : taken.item);
  }
  return out;
}

test('lines that fit come out in order', async t => {
  const ring = new LineRing<number>(4, 100);
  for (const item of [1, 2, 3, 4]) offer(ring, item);
  t.strictSame(drain(ring), [1, 2, 3, 4]);
  t.strictSame(drain(ring), []);
});

test('lines that do not fit are lost, and their number is in their place', async t => {
  const ring = new LineRing<number>(4, 100);
  for (const item of [1, 2, 3, 4, 5, 6]) offer(ring, item);
  t.strictSame(drain(ring, 1), [1]);
  offer(ring, 7);
  t.strictSame(drain(ring, 1), [2], 'half of it is free: those that come from now on have room');
  offer(ring, 8);
  t.strictSame(drain(ring), [3, 4, -3, 8]);
});

test('bytes count too, but one item always fits', async t => {
  const ring = new LineRing<number>(100, 10);
  offer(ring, 1, 1000);
  offer(ring, 2, 1);
  t.strictSame(drain(ring), [1, -1]);
  for (const item of [1, 2, 3]) offer(ring, item, 5);
  t.strictSame(drain(ring), [1, 2, -1]);
});

test('each line or its loss is reported exactly once, in any order of adding and taking', async t => {
  for (const most of [1, 2, 3, 7]) {
    const ring = new LineRing<number>(most, 1000);
    let told = 0;
    let added = 0;
    for (let step = 0; step < 2000; step++) {
      const isAdding = (step * 7919) % 13 < 7;
      if (isAdding) offer(ring, ++added);
      else for (const item of drain(ring, 1 + (step % 3))) told += item < 0 ? -item : 1;
    }
    for (const item of drain(ring)) told += item < 0 ? -item : 1;
    t.equal(told, added, `a ring of ${most}`);
  }
});

test('a loss is reported at once if there is room', async t => {
  const ring = new LineRing<number>(4, 100);
  const woken = ring.filled();
  ring.lose();
  await woken;
  await ring.filled();
  t.strictSame(drain(ring), [-1]);
  offer(ring, 1);
  t.strictSame(drain(ring), [1]);
});

test('a reader is woken by an item, and by the end', async t => {
  const ring = new LineRing<number>(4, 100);
  let woken = 0;
  const wait = () => ring.filled().then(() => woken++);
  const first = wait();
  await Promise.resolve();
  t.equal(woken, 0);
  offer(ring, 1);
  await first;
  await wait();
  t.equal(woken, 2, 'it is there already');
  drain(ring);
  const last = wait();
  ring.close();
  await last;
  await wait();
  t.equal(woken, 4);
});
