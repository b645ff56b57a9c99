import { spawnSync } from 'node:child_process';
import { test } from 'tap';
import { type Alarm, clearAlarm, setAlarm } from '../../src/base/alarm.ts';
import { waitFor } from '../support/child.ts';
import { elapse, fastForward } from '../support/virtual-time.ts';
import { Random } from '../transport/support/random.ts';

/** Sets alarms that are so many ms away, in this order; the returned list fills as they ring. */
function set(...delays: readonly number[]): { rung: number[]; alarms: Alarm[] } {
  const now = performance.now();
  const rung: number[] = [];
  return { rung, alarms: delays.map(delay => setAlarm(now + delay, () => rung.push(delay))) };
}

test(
  'alarms ring in the order of their times, whichever was set first',
  fastForward(async t => {
    const { rung } = set(30, 10, 20, 5, 25);
    await elapse(60);
    t.strictSame(rung, [5, 10, 20, 25, 30]);
  }),
);

test('an alarm never rings before its time', async t => {
  const early: number[] = [];
  let rung = 0;
  for (let delay = 1; delay <= 40; delay++) {
    const at = performance.now() + delay;
    setAlarm(at, () => {
      rung++;
      if (performance.now() < at) early.push(delay);
    });
  }
  await waitFor('all of them', () => rung === 40 || undefined);
  t.strictSame(early, []);
});

test(
  'an alarm whose time is past rings in a later tick',
  fastForward(async t => {
    const { rung } = set(-5);
    t.strictSame(rung, []);
    await elapse(20);
    t.strictSame(rung, [-5]);
  }),
);

test(
  'an alarm that is cleared does not ring, and others do',
  fastForward(async t => {
    const { rung, alarms } = set(10, 20, 30);
    clearAlarm(alarms[0]);
    clearAlarm(alarms[2]);
    clearAlarm(alarms[2]);
    clearAlarm(undefined);
    await elapse(60);
    t.strictSame(rung, [20]);
    clearAlarm(alarms[1]);
  }),
);

test(
  'an alarm that rings may set and clear others',
  fastForward(async t => {
    const rung: string[] = [];
    const now = performance.now();
    const other = setAlarm(now + 10.1, () => rung.push('cleared'));
    setAlarm(now + 10, () => {
      rung.push('first');
      clearAlarm(other);
      setAlarm(performance.now() + 5, () => rung.push('second'));
    });
    await elapse(60);
    t.strictSame(rung, ['first', 'second']);
  }),
);

test(
  'one that is further away than setTimeout can count does not ring at once',
  fastForward(async t => {
    const { rung, alarms } = set(1e12);
    await elapse(20);
    t.strictSame(rung, []);
    clearAlarm(alarms[0]);
  }),
);

test('with 2,000 alarms at random times, half of them cleared, the others ring in order', async t => {
  const random = new Random(3);
  const delays = Array.from({ length: 2000 }, () => random.below(40) + random.below(1000) / 1000);
  const { rung, alarms } = set(...delays);
  alarms.forEach((alarm, index) => {
    if (index % 2 === 0) clearAlarm(alarm);
  });
  await waitFor('the others', () => rung.length === 1000 || undefined);
  t.strictSame(
    rung,
    delays.filter((_, index) => index % 2 === 1).sort((a, b) => a - b),
  );
});

test('an alarm costs the same beside 200,000 later alarms of others', async t => {
  const now = performance.now();
  const others = Array.from({ length: 200_000 }, (_, i) => setAlarm(now + 3_600_000 + i, () => {}));
  const begun = performance.now();
  for (let i = 0; i < 5_000; i++) clearAlarm(setAlarm(now + 1_800_000 + i, () => {}));
  const took = performance.now() - begun;
  for (const other of others) clearAlarm(other);
  // A look at each of the others would take half a minute.
  t.ok(took < 5_000, `${took} ms for 5,000 alarms`);
});

const module = new URL('../../src/base/alarm.ts', import.meta.url).href;

/** The output of a process that runs the script; it is killed after 10 s. */
function run(script: string) {
  const source = `import { setAlarm, clearAlarm } from '${module}'; const now = performance.now(); ${script}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8', timeout: 10_000 });
}

test('a process waits for an alarm that is set', async t => {
  t.equal(run(`setAlarm(now + 300, () => console.log('rung'));`).stdout, 'rung\n');
});

test('a process waits for an alarm that is set after all others were cleared', async t => {
  const script = `clearAlarm(setAlarm(now + 100, () => {})); setAlarm(now + 300, () => console.log('rung'));`;
  t.equal(run(script).stdout, 'rung\n');
});

test('a process does not wait for alarms that are cleared', async t => {
  const { status, signal } = run(`const a = setAlarm(now + 60000, () => {}); setTimeout(() => clearAlarm(a), 10);`);
  t.strictSame({ status, signal }, { status: 0, signal: null });
});
