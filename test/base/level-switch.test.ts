import { test } from 'tap';
import { LevelSwitch } from '../../src/base/level-switch.ts';
import { elapse, fastForward } from '../support/virtual-time.ts';

test('the level that was set last counts', async t => {
  const levels = new LevelSwitch(1);
  t.strictSame([levels.get(), levels.lastingLevel, levels.returnsAt], [1, 1, undefined]);
  levels.set(4);
  t.strictSame([levels.get(), levels.lastingLevel, levels.returnsAt], [4, 4, undefined]);
});

test(
  'a temporary level goes back by itself to the lasting one',
  fastForward(async t => {
    const levels = new LevelSwitch(0);
    const seen: number[] = [];
    levels.onChange(() => seen.push(levels.get()));
    const before = Date.now();
    levels.setFor(5, 50);
    t.strictSame([levels.get(), levels.lastingLevel], [5, 0]);
    t.ok(levels.returnsAt! >= before + 50 && levels.returnsAt! <= Date.now() + 50, 'and says when');
    // This loop keeps the process alive, which the switch does not.
    for (let waited = 0; levels.get() !== 0 && waited < 5_000; waited += 20) await elapse(20);
    t.strictSame([levels.get(), levels.returnsAt], [0, undefined]);
    t.strictSame(seen, [5, 0]);
  }),
);

test(
  'what is set meanwhile ends a temporary level, and the way back',
  fastForward(async t => {
    const levels = new LevelSwitch(0);
    levels.setFor(5, 20);
    levels.set(2);
    t.strictSame([levels.get(), levels.returnsAt], [2, undefined]);
    await elapse(100);
    t.equal(levels.get(), 2);
  }),
);

test(
  'a second temporary level takes the place of the first',
  fastForward(async t => {
    const levels = new LevelSwitch(1);
    levels.setFor(5, 20);
    levels.setFor(4, 60_000);
    await elapse(100);
    t.strictSame([levels.get(), levels.lastingLevel], [4, 1]);
    levels.set(1);
  }),
);
