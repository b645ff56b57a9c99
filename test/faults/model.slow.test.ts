import tap, { test } from 'tap';
import { TEST_LIMIT } from '../support/require.ts';
import { run, shorten } from './model/runs.ts';

/** Another seed, and more steps, can be given: `CRIPROXY_MODEL=SEED:STEPS node test/faults/model.slow.test.ts`. */
const [seed, count = 500] = process.env['CRIPROXY_MODEL']?.split(':').map(Number) ?? [];
const seeds = seed === undefined ? Array.from({ length: 24 }, (_, index) => index + 1) : [seed];
const steps = Array.from({ length: count }, (_, index) => index + 1);
const total = new Map<string, number>();
// The default is too short for a machine that has other things to do.
tap.setTimeout(TEST_LIMIT);

for (const seed of seeds) {
  test(`${count} random steps, seed ${seed}: every answer is true`, async t => {
    const found = await run(seed, steps);
    for (const [what, times] of found.counts) total.set(what, (total.get(what) ?? 0) + times);
    if (found.fault === undefined) return t.pass();
    const { fault, trace, at } = await shorten(seed, found, steps);
    return t.fail(`CRIPROXY_MODEL=${seed}:${found.at}\n${trace.join('\n')}\nstep ${at}: ${fault!.stack}`);
  });
}

test('no kind of step is forgotten', async t => {
  t.comment(JSON.stringify([...total]));
  for (const [what, times] of total) t.ok(times >= seeds.length / 2, `${what}: ${times} times`);
});
