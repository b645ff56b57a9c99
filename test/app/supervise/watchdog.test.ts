import { type Test, test } from 'tap';
import { startWatchdog } from '../../../src/app/supervise/watchdog.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { waitFor } from '../../support/child.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';

/** A time that three does not divide. */
const patience = 61;

interface Watched {
  readonly checks: readonly number[];
  readonly signs: readonly number[];
  readonly warnings: readonly string[];
}

function watch(t: Test, answer: () => Promise<void>): Watched {
  const checks: number[] = [];
  const signs: number[] = [];
  const warnings: string[] = [];
  const check = (timeout: number) => {
    checks.push(timeout);
    return answer();
  };
  const log = { warn: (text: string) => warnings.push(text) } as unknown as Logger;
  t.teardown(startWatchdog({ patience, check, alive: () => signs.push(performance.now()), log }));
  return { checks, signs, warnings };
}

test('a sign of life follows each check that goes well', async t => {
  const { checks, signs, warnings } = watch(t, async () => {});
  await waitFor('three signs', () => signs.length >= 3 || undefined);
  t.ok(checks.length >= signs.length);
  t.same([...new Set(checks)], [20], 'each may take as long as the time between two, in whole ms');
  t.same(warnings, []);
});

test('a check that fails gives none, and says why', async t => {
  const { signs, warnings } = watch(t, async () => {
    throw new Error('nobody listens');
  });
  await waitFor('two checks', () => warnings.length >= 2 || undefined);
  t.same(signs, []);
  t.equal(warnings[0], 'criproxy does not answer itself, and gives systemd no sign of life: nobody listens');
});

test(
  'a check that hangs gives none, and is not begun again',
  fastForward(async t => {
    const { checks, signs } = watch(t, () => new Promise(() => {}));
    await elapse(patience * 3);
    t.same([checks.length, signs.length], [1, 0]);
  }),
);

test('an event loop that stands still gives none', async t => {
  const { signs } = watch(t, async () => {});
  await waitFor('a sign', () => signs[0]);
  const before = signs.length;
  const end = performance.now() + patience * 3;
  while (performance.now() < end);
  t.equal(signs.length, before);
});
