import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { LastCompiler } from '../../src/daemon/last-compiler.ts';

for (const [what, shares, allowed] of [
  ['a node of 500 pods', [0.1, 0.08, 0.08], undefined],
  ['calls as fast as they go', [0.08, 0.5, 0.08], 2],
] as const) {
  test(`${what}, with ${shares.join(', ')} of a core: allowed ${allowed === undefined ? 'never' : `at look ${allowed}`}`, async t => {
    // The start has had much, which is of no interest.
    let cpu = 4000;
    let looks = 0;
    const allowedAt: number[] = [];
    const compiler = new LastCompiler(
      () => {
        looks++;
        return cpu;
      },
      () => allowedAt.push(looks - 1),
    );
    compiler.look(0);
    // Fifty calls in each span: one of them looks.
    for (const [at, share] of shares.entries()) {
      for (let now = at * 5000 + 100; now <= (at + 1) * 5000; now += 100) {
        cpu += share * 100;
        compiler.look(now);
      }
    }
    t.strictSame(allowedAt, allowed === undefined ? [] : [allowed]);
    t.equal(looks, shares.length + 1);
  });
}

test('after an hour without calls, the share is that of the hour', async t => {
  let cpu = 0;
  let isAllowed = false;
  const compiler = new LastCompiler(
    () => cpu,
    () => {
      isAllowed = true;
    },
  );
  compiler.look(0);
  cpu = 2000;
  compiler.look(3_600_000);
  t.equal(isAllowed, false);
});

test('a call that begins looks, and one look cannot tell', async t => {
  let looks = 0;
  let isAllowed = false;
  const compiler = new LastCompiler(
    () => ++looks * 1e6,
    () => {
      isAllowed = true;
    },
  );
  for (let call = 0; call < 3; call++) compiler.begun();
  t.equal(looks, 1);
  t.equal(isAllowed, false);
});

/** The bits of V8's status of a function that say which compiler it is by. */
const [MAGLEV, TURBOFAN] = [32, 64];

const folder = fileURLToPath(new URL('../../src/daemon/', import.meta.url));

/** With the daemon's settings, prints these bits after many calls, and each time a compilation may have ended once it is allowed. */
const script = `
  import '${folder}v8-settings.ts';
  import { LastCompiler } from '${folder}last-compiler.ts';
  import { setImmediate as turn } from 'node:timers/promises';
  const hot = new Function('n', 'let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum;');
  const status = new Function('hot', 'return %GetOptimizationStatus(hot)');
  const work = () => {
    for (let i = 0; i < 5000; i++) hot(100);
    return status(hot) & ${MAGLEV | TURBOFAN};
  };
  // Else it becomes a part of this one.
  %NeverOptimizeFunction(work);
  const workUntil = async (bit, times) => {
    for (let bits = work(); ; bits = work()) {
      if (bits & bit || times-- === 0) return bits;
      await turn();
    }
  };
  await workUntil(${MAGLEV}, 20_000);
  const before = await workUntil(${TURBOFAN}, 500);
  let now = 0;
  const compiler = new LastCompiler(() => now);
  compiler.look(now);
  compiler.look(now = 5000);
  console.log(before, (await workUntil(${TURBOFAN}, 20_000)) & ${TURBOFAN});
`;

test('TurboFan compiles nothing until it is allowed', async t => {
  const flags = ['--allow-natives-syntax', '--input-type=module', '-e', script];
  // Not the test runner's environment: that loads modules of its own into every process.
  const { stdout, stderr } = spawnSync('env', ['-i', process.execPath, ...flags], { encoding: 'utf8' });
  t.equal(stdout, `${MAGLEV} ${TURBOFAN}\n`, stderr);
});
