import { test } from 'tap';
import { bars, misses } from './bars.ts';
import { soak } from './soak.ts';

test("a node's load leaves nothing over", async t => {
  const print = (line: string) => t.comment(line);
  const figures = await soak({ native: undefined, duration: 10_000, print });
  const left = Object.fromEntries(Object.entries(bars).filter(([name]) => name.endsWith('left over')));
  t.equal(Object.keys(left).length, 6);
  t.same(
    misses(figures, () => true, 1, left),
    [],
  );
});
