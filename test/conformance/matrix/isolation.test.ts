import { waitFor } from '../../support/child.ts';
import { len } from '../../wire/bytes.ts';
import { PATIENCE, targets, testPairs } from './pairs.ts';

const CALLS = 40;

function containerOf(id: string, name: string): { container_id: string } {
  return { container_id: id === '' ? name : `alt__${name}` };
}

testPairs('a runtime that hangs is its own matter', async (t, { client, of }) => {
  for (const id of targets) {
    const other = id === '' ? 'alt' : '';
    of(id).journal.length = 0;
    of(id).answers['StopContainer'] = 'hang';
    of(other).answers['StopContainer'] = Buffer.alloc(0);
    const cancel = new AbortController();
    const hanging = Array.from({ length: CALLS }, (_, at) =>
      client.ask('StopContainer', containerOf(id, `c${at}`), { signal: cancel.signal }),
    );
    await waitFor('the calls to hang', () => of(id).asked('StopContainer').length === CALLS || undefined);
    const begin = performance.now();
    for (let at = 0; at < CALLS; at++) await client.call('StopContainer', containerOf(other, `c${at}`), PATIENCE);
    const took = performance.now() - begin;
    t.ok(took < 20_000, `${CALLS} calls for ${other || 'the primary'} while ${CALLS} hang: ${Math.round(took)} ms`);
    cancel.abort();
    const codes = (await Promise.all(hanging)).map(outcome => outcome.code);
    t.strictSame([...new Set(codes)], [1], 'those that hang can be cancelled');
  }
});

testPairs('a runtime that is slow does not hold up the others', async (t, { client, primary, alt }) => {
  const slow = Promise.withResolvers<Buffer>();
  primary.answers['StopContainer'] = () => slow.promise;
  alt.answers['StopContainer'] = Buffer.alloc(0);
  const waiting = client.call('StopContainer', { container_id: 'c1' }, PATIENCE);
  await waitFor('the slow call to arrive', () => primary.asked('StopContainer')[0]);
  await client.call('StopContainer', { container_id: 'alt__c1' }, PATIENCE);
  slow.resolve(Buffer.alloc(0));
  t.strictSame(await waiting, {}, 'and is answered in its own time');
});

testPairs('a runtime that sends garbage loses that call alone', async (t, { client, of }) => {
  const garbage = Buffer.from('0a05616263', 'hex');
  const path = `/${client.package}.RuntimeService/ContainerStatus`;
  for (const id of targets) {
    of(id).answers['ContainerStatus'] = garbage;
    of(id).answers['StopContainer'] = Buffer.alloc(0);
  }
  const ofPrimary = await client.raw(path, len(1, 'c1'), PATIENCE);
  t.strictSame([ofPrimary.code, ofPrimary.response], [0, garbage], "the primary's are not even read");
  const ofAlt = await client.raw(path, len(1, 'alt__c1'), PATIENCE);
  t.equal(ofAlt.code, 13);
  t.match(ofAlt.details, 'runtime alt sent a malformed ContainerStatusResponse');
  for (const id of targets) {
    t.equal((await client.ask('StopContainer', containerOf(id, 'c1'), PATIENCE)).code, 0, 'the connections live on');
  }
});

testPairs('a malformed request loses that call alone', async (t, { client, alt }) => {
  alt.answers['StopContainer'] = Buffer.alloc(0);
  const path = `/${client.package}.RuntimeService/StopContainer`;
  const { code, details } = await client.raw(path, Buffer.from('0a05616263', 'hex'), PATIENCE);
  t.equal(code, 3);
  t.match(details, 'malformed StopContainerRequest');
  t.equal((await client.raw(path, len(1, 'alt__c1'), PATIENCE)).code, 0, 'the connection lives on');
});
