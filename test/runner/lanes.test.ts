import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { isSlow, planLanes } from './lanes.ts';

const files = globSync('test/**/*.test.ts', { cwd: join(import.meta.dirname, '../..') }).sort();
const inLanes = (part: 'fast' | 'slow' | 'all') =>
  planLanes(part, files)
    .flat()
    .flatMap(lane => lane.files)
    .sort();

test('every file is in one lane', async t => {
  t.strictSame(inLanes('all'), files);
  t.strictSame(inLanes('slow'), files.filter(isSlow));
  t.strictSame([...inLanes('fast'), ...inLanes('slow')].sort(), files);
});

test('files that start containerd run one at a time', async t => {
  const lanes = planLanes('all', ['test/node/a.test.ts', 'test/demo/b.test.ts', 'test/faults/containerd.slow.test.ts']);
  const [lane, ...more] = lanes.flat().filter(each => each.files.length > 0);
  t.match(lane, { jobs: 1 });
  t.equal(lane!.files.length, 3);
  t.strictSame(more, []);
});
