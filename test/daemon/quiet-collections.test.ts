import { test } from 'tap';
import { type HeapWatch, startQuietCollections } from '../../src/daemon/quiet-collections.ts';
import { waitFor } from '../support/child.ts';

const MiB = 1024 * 1024;

/** A heap in which 10 MiB are alive and 20 are garbage of the start, and that has grown to `used` at the third look. */
function heapOf(used: number, load: number): HeapWatch & { collections: number; looks: number } {
  let now = 30 * MiB;
  return {
    collections: 0,
    looks: 0,
    used: () => now,
    load() {
      this.looks++;
      if (this.looks === 3) now = used;
      return load;
    },
    collect() {
      this.collections++;
      now = 10 * MiB;
    },
  };
}

for (const [what, used, load, collections] of [
  ['much garbage, and little happens', 15 * MiB, 0.05, 2],
  ['little garbage', 13 * MiB, 0.05, 1],
  ['much garbage of a process that is busy: V8 collects by itself', 40 * MiB, 0.5, 0],
  ['less than before', 5 * MiB, 0.05, 1],
] as const) {
  test(`${what}: ${collections} collections, one of them for the start where little happens`, async t => {
    const heap = heapOf(used, load);
    t.teardown(startQuietCollections(heap, 1));
    await waitFor('six looks', () => (heap.looks >= 6 ? true : undefined), { pause: 1 });
    t.equal(heap.collections, collections);
  });
}

test('garbage is counted from the least that was ever in the heap', async t => {
  const heap = heapOf(8 * MiB, 0.05);
  t.teardown(startQuietCollections(heap, 1));
  await waitFor('the fall to 8 MiB', () => (heap.looks >= 5 ? true : undefined), { pause: 1 });
  heap.used = () => 12.5 * MiB;
  await t.resolves(waitFor('a collection', () => (heap.collections > 1 ? true : undefined), { pause: 1 }));
});
