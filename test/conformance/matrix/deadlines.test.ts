import { waitFor } from '../../support/child.ts';
import type { JournalEntry } from '../../support/fake-runtime.ts';
import { targets, testPairs } from './pairs.ts';

/** The time that a deadline may lose between the client's clock and the runtime's, in ms. */
const TOLERANCE = 3_000;

function containerOf(id: string): { container_id: string } {
  return { container_id: id === '' ? 'c1' : 'alt__c1' };
}

testPairs('a deadline arrives', async (t, { client, of }) => {
  for (const id of targets) {
    of(id).answers['StopContainer'] = Buffer.alloc(0);
    for (const deadline of [15_000, 3_600_000]) {
      const end = Date.now() + deadline;
      await client.call('StopContainer', containerOf(id), { deadline });
      const got = of(id).asked('StopContainer').at(-1)!.deadline;
      t.ok(Math.abs(got - end) < TOLERANCE, `${deadline} ms at ${id || 'the primary'}: ${got - end} ms off`);
    }
    await client.call('StopContainer', containerOf(id));
    t.equal(of(id).asked('StopContainer').at(-1)!.deadline, Number.POSITIVE_INFINITY, 'none stays none');
  }
});

testPairs('DeadlineExceeded', async (t, { client, of }) => {
  for (const id of targets) {
    of(id).answers['StopContainer'] = 'hang';
    // On a busy machine the first deadlines pass before the call arrives.
    for (let deadline = 1_000; of(id).asked('StopContainer').length === 0; deadline *= 2) {
      const outcome = await client.ask('StopContainer', containerOf(id), { deadline });
      t.equal(outcome.code, 4, `of a call that hangs in ${id || 'the primary'}`);
    }
    await of(id).asked('StopContainer').at(-1)!.cancelled;
    t.pass('the runtime hears that nobody waits any more');
  }
});

testPairs("a runtime's own DeadlineExceeded", async (t, { client, of }) => {
  // The kubelet takes it for a probe that timed out (ExecSync).
  for (const id of targets) {
    of(id).answers['ExecSync'] = { code: 4, message: 'command timed out' };
    const { code, details } = await client.ask('ExecSync', { ...containerOf(id), timeout: 1 });
    t.strictSame([code, details], [4, 'command timed out'], id || 'the primary');
  }
});

testPairs('cancellation', async (t, { client, of }) => {
  for (const id of targets) {
    of(id).answers['StopContainer'] = 'hang';
    of(id).journal.length = 0;
    const cancel = new AbortController();
    const outcome = client.ask('StopContainer', containerOf(id), { signal: cancel.signal });
    const entry = await waitFor<JournalEntry>('the call to arrive', () => of(id).asked('StopContainer')[0]);
    cancel.abort();
    await entry.cancelled;
    t.equal((await outcome).code, 1, `reaches ${id || 'the primary'}`);
  }
});
