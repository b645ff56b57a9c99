import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { startDaemon } from './daemon.ts';

/** The time in which wake-ups are counted, in ms. */
const WINDOW = 10_000;

/** Four looks of timers, a question for each of the lists, and V8's collection after it: 10 to 20; a timer each second makes 10 more. */
const MOST = 25;

test('at rest the daemon sleeps: it wakes up less than three times a second, with a client connected', async t => {
  const { proxy, client } = await startDaemon(t, { verbosity: 2 });
  await client.call('Version');
  const pid = /starts, pid (\d+)/.exec(proxy.log())![1];
  const wakeUps = () => {
    const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)![1]);
  };
  const rests = async () => {
    const before = wakeUps();
    await sleep(WINDOW);
    const count = wakeUps() - before;
    t.comment(`${count} wake-ups in ${WINDOW} ms`);
    return count <= MOST ? count : undefined;
  };
  // The start takes longer on a busy machine, and leaves garbage that is collected later.
  t.ok(await waitFor(`at most ${MOST} wake-ups`, rests, { timeout: 60_000 }));
});
