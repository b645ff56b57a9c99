import { test } from 'tap';
import { IdTable } from '../../src/base/id-table.ts';
import { Random } from '../transport/support/random.ts';

const idsOf = (table: IdTable<{ id: number }>) => table.all().map(({ id }) => id);

test('a table without items has none', async t => {
  const table = new IdTable();
  t.equal(table.size, 0);
  t.equal(table.get(1), undefined);
  t.equal(table.delete(1), false);
  t.strictSame(table.all(), []);
});

/** Sequences of ids: the numbers of a client's streams, the numbers of calls, and ids that share one home. */
const sequences: ReadonlyArray<readonly [what: string, idOf: (index: number) => number]> = [
  ['odd ids', index => 2 * index + 1],
  ['all ids', index => index + 1],
  ['ids with the same lowest bits', index => 1024 * index + 7],
  ['ids up to the largest of HTTP/2', index => 0x7fffffff - 2 * (5000 - index)],
];

for (const [what, idOf] of sequences) {
  test(`a table does with ${what} the same as a Map, 5,000 times`, async t => {
    const random = new Random(7);
    const table = new IdTable<{ id: number }>();
    const map = new Map<number, { id: number }>();
    const differences: string[] = [];
    for (let index = 0; index < 5000; index++) {
      const item = { id: idOf(index) };
      table.add(item);
      map.set(item.id, item);
      // The number of open ids is large at times, and small at others.
      const wanted = random.below(index % 1000 < 500 ? 200 : 3);
      while (map.size > wanted) {
        const gone = random.pick([...map.keys()]);
        if (table.delete(gone) !== map.delete(gone)) differences.push(`delete ${gone}`);
        if (table.get(gone) !== undefined) differences.push(`${gone} is still there`);
      }
      for (const [id, each] of map) if (table.get(id) !== each) differences.push(`get ${id}`);
      if (table.size !== map.size) differences.push(`size ${table.size}`);
    }
    t.strictSame(differences, []);
    t.strictSame(idsOf(table), [...map.keys()], 'in the order of the ids');
    table.clear();
    t.strictSame([table.size, table.all()], [0, []]);
  });
}

test('ids that a peer chooses far apart are found as fast as others', async t => {
  const table = new IdTable<{ id: number }>();
  const ids = Array.from({ length: 2048 }, (_, index) => 65_536 * index * 15 + 1);
  for (const id of ids) table.add({ id });
  const begun = performance.now();
  let found = 0;
  for (let i = 0; i < 400_000; i++) if (table.get(ids[2047]!) !== undefined) found++;
  const took = performance.now() - begun;
  t.equal(found, 400_000);
  // With one home for all of them it would take 5 s.
  t.ok(took < 2_000, `${took} ms`);
});
