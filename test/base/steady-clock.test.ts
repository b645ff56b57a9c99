import { test } from 'tap';
import { steadyNow } from '../../src/base/steady-clock.ts';

test('the clock has the wall clock’s time, and does not follow its jumps', async t => {
  const before = steadyNow();
  t.ok(Math.abs(before - Date.now()) < 60_000, 'ms since 1970');
  t.ok(Number.isInteger(before));
  const wall = Date.now;
  t.teardown(() => {
    Date.now = wall;
  });
  Date.now = () => wall() + 3_600_000;
  const after = steadyNow();
  t.ok(after >= before && after - before < 60_000, `${after - before} ms have passed`);
});
