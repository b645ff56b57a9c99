import { test } from 'tap';
import type { About } from '../../src/base/logger.ts';
import type { LogLine } from '../../src/log/log-line.ts';
import { Repeats } from '../../src/log/repeats.ts';

/** A clock that goes on only when a test tells it to. */
function makeClock() {
  let now = 0;
  const timers = new Set<{ at: number; act: () => void }>();
  return {
    now: () => now,
    after(ms: number, act: () => void) {
      const timer = { at: now + ms, act };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms: number) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((one, two) => one.at - two.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.act();
      }
      now = end;
    },
    timers,
  };
}

function setUp(level = 2) {
  const clock = makeClock();
  const taken: string[] = [];
  const repeats = new Repeats(line => taken.push(line.message), { get: () => level }, clock);
  const say = (message: string, more: Partial<LogLine> = {}) =>
    repeats.pass({
      time: new Date(0),
      severity: 'warning',
      level: 0,
      message,
      fields: undefined,
      about: {},
      file: 'x.ts:1',
      ...more,
    });
  return { clock, taken, repeats, say };
}

test('the first is written at once, the rest is counted for 30 s', async t => {
  const { clock, taken, say } = setUp();
  for (let n = 0; n < 58; n++) {
    say('it is odd');
    clock.advance(500);
  }
  t.strictSame(taken, ['it is odd']);
  clock.advance(999);
  t.strictSame(taken, ['it is odd']);
  clock.advance(1);
  t.strictSame(taken, ['it is odd', 'it is odd (57 more like it in 30 s)']);
});

test('while it goes on there is a count every 30 s and nothing else; once it has stopped, the next is a first again', async t => {
  const { clock, taken, say } = setUp();
  for (let second = 0; second < 90; second++) {
    say('x');
    clock.advance(1_000);
  }
  t.strictSame(taken, [
    'x',
    'x (29 more like it in 30 s)',
    'x (30 more like it in 30 s)',
    'x (30 more like it in 30 s)',
  ]);
  clock.advance(30_000);
  t.equal(clock.timers.size, 0, 'nothing is waited for');
  say('x');
  t.equal(taken.length, 5);
  t.equal(taken[4], 'x');
});

test('a line that does not come again leaves no count', async t => {
  const { clock, taken, say } = setUp();
  say('x');
  clock.advance(60_000);
  t.strictSame(taken, ['x']);
});

const other: ReadonlyArray<readonly [what: string, more: Partial<LogLine>]> = [
  ['severity', { severity: 'error' }],
  ['place', { file: 'x.ts:2' }],
  ['method', { about: { method: 'Status' } }],
  ['runtime', { about: { runtime: 'alt' } }],
  ['text', { message: 'y' }],
];

for (const [what, more] of other) {
  test(`a line with another ${what} is another line`, async t => {
    const { taken, say } = setUp();
    say('x');
    say('x', more);
    say('x', more);
    t.equal(taken.length, 2);
  });
}

test('the same line of another call is a repetition, and the count belongs to no call', async t => {
  const clock = makeClock();
  const taken: About[] = [];
  const repeats = new Repeats(line => taken.push(line.about), { get: () => 2 }, clock);
  const line = { time: new Date(0), level: 2, message: 'x', fields: undefined, file: 'x.ts:1' } as const;
  for (const id of [1, 2, 3]) {
    repeats.pass({ ...line, severity: 'info', about: { call: { id }, method: 'Status', runtime: 'alt' } });
  }
  clock.advance(30_000);
  t.strictSame(taken, [
    { call: { id: 1 }, method: 'Status', runtime: 'alt' },
    { method: 'Status', runtime: 'alt' },
  ]);
});

/** Whether the second of two equal lines is held back. */
const rows: ReadonlyArray<readonly [line: Partial<LogLine>, isHeld: boolean]> = [
  [{ severity: 'warning' }, true],
  [{ severity: 'error' }, true],
  [{ severity: 'info', level: 0 }, false],
  [{ severity: 'info', level: 1 }, false],
  [{ severity: 'info', level: 2 }, true],
  [{ severity: 'info', level: 3 }, false],
  [{ severity: 'info', level: 5 }, false],
  [{ severity: 'warning', about: { change: true } }, false],
];

for (const [line, isHeld] of rows) {
  test(`${JSON.stringify(line)} again is ${isHeld ? 'held back' : 'written'}`, async t => {
    const { taken, say } = setUp();
    say('x', line);
    say('x', line);
    t.equal(taken.length, isHeld ? 1 : 2);
  });
}

test('while calls are dumped, each call has its failure, but warnings are still counted', async t => {
  const { taken, say } = setUp(3);
  for (let n = 0; n < 2; n++) {
    say('failed', { severity: 'info', level: 2 });
    say('odd');
  }
  t.strictSame(taken, ['failed', 'odd', 'failed']);
});

test('the counts come at the end at the latest', async t => {
  const { clock, taken, repeats, say } = setUp();
  say('x');
  say('y');
  say('x');
  clock.advance(2_000);
  repeats.flush();
  t.strictSame(taken, ['x', 'y', 'x (1 more like it in 2 s)']);
  t.equal(clock.timers.size, 0);
});

test('with very many different lines, the oldest are no longer watched', async t => {
  const { clock, taken, say } = setUp();
  say('first');
  say('first');
  for (let n = 0; n < 2_000; n++) say(`line ${n}`);
  t.equal(taken[501], 'first (1 more like it in 0 s)', 'its count is not lost');
  say('first');
  t.equal(taken.at(-1), 'first');
  clock.advance(30_000);
  t.equal(taken.length, 2_003);
  t.equal(clock.timers.size, 0);
});
