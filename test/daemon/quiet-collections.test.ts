import { test } from 'tap';
import { type HeapWatch, startQuietCollections } from '../../src/daemon/quiet-collections.ts';
import { waitFor } from '../support/child.ts';

const MiB = 1024 * 1024;

/** A heap in which 10 MiB are alive, and that has grown to `used`. */
function heapOf(used: number, load: number): HeapWatch & { collections: number; looks: number } {
  let now = 10 * MiB;
  return {
    collections: 0,
    looks: 0,
    used: () => now,
    load() {
      this.looks++;
      if (this.looks === 2) now = used;
      return load;
    },
    collect() {
      this.collections++;
      now = 10 * MiB;
    },
  };
}

for (const [what, used, load, collections] of [
  ['much garbage, and little happens', 15 * MiB, 0.05, 1],
  ['little garbage', 13 * MiB, 0.05, 0],
  ['much garbage of a process that is busy: V8 collects by itself', 40 * MiB, 0.5, 0],
  ['less than before', 5 * MiB, 0.05, 0],
] as const) {
  test(`${what}: ${collections} collections`, async t => {
    const heap = heapOf(used, load);
    t.teardown(startQuietCollections(heap, 1));
    await waitFor('five looks', () => (heap.looks >= 5 ? true : undefined), { pause: 1 });
    t.equal(heap.collections, collections);
  });
}

test('garbage is counted from the least that was ever alive, not from what is there at the start', async t => {
  const heap = heapOf(8 * MiB, 0.05);
  t.teardown(startQuietCollections(heap, 1));
  await waitFor('the fall to 8 MiB', () => (heap.looks >= 3 ? true : undefined), { pause: 1 });
  heap.used = () => 12.5 * MiB;
  await waitFor('a collection', () => (heap.collections > 0 ? true : undefined), { pause: 1 });
});
