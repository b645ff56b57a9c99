import { test } from 'tap';
import { Listing } from '../../../src/routing/asking/kept-list.ts';
import { GoneIds } from '../../../src/routing/state/gone-ids.ts';
import { add as addItem } from '../../../src/routing/state/list-changes.ts';
import { Pulls } from '../../../src/routing/state/pulls.ts';
import { criTypes } from '../../support/cri-types.ts';

const types = criTypes('runtime.v1');
const listOf = (...ids: string[]) => types.encode('ListPodSandboxResponse', { items: ids.map(id => ({ id })) });
const add = (id: string) => addItem(id, () => types.encode('PodSandbox', { id }));

test('a list under way that has missed more changes than are kept is of no use, and the next one is', async t => {
  const listing = new Listing();
  listing.set(listOf('a'), 1);
  const hung = listing.ask();
  for (let at = 0; at < 1_000; at++) listing.change(add(`${at}`));
  const next = listing.ask();
  listing.change(add('last'));
  listing.answer(hung, listOf(), 2);
  t.equal(listing.takenAt, 1, 'the one that has missed 1,001');
  t.equal(listing.index().size, 1_002);
  listing.answer(next, listOf('a'), 3);
  t.same([...listing.index().keys()], ['a', 'last'], 'the one that has missed one');
  t.equal(listing.takenAt, 3);
  const third = listing.ask();
  listing.answer(third, listOf('b'), 4);
  t.same([...listing.index().keys()], ['b']);
});

test('a list that has missed as many changes as are kept is of use', async t => {
  const listing = new Listing();
  listing.set(listOf(), 1);
  const question = listing.ask();
  for (let at = 0; at < 1_000; at++) listing.change(add(`${at}`));
  listing.answer(question, listOf('a'), 2);
  t.equal(listing.takenAt, 2);
  t.equal(listing.index().size, 1_001);
});

test('the last 10,000 ids removed during a call are kept, except ids that no runtime would give', async t => {
  const gone = new GoneIds();
  const call = gone.begin();
  const long = 'x'.repeat(257);
  gone.add(long);
  for (let at = 0; at <= 10_000; at++) gone.add(`${at}`);
  t.same(
    [long, '0', '1', '10000'].map(id => gone.has(id, call)),
    [false, false, true, true],
  );
});

test('a pull beyond the bound may have brought any image, until the runtime has listed its images', async t => {
  const done = Promise.resolve({ message: Buffer.alloc(0), headers: [], trailers: [] });
  for (const beyond of ['n', 'x'.repeat(5_000)]) {
    const images = new Listing();
    const pulls = new Pulls(images);
    for (let at = 0; at < (beyond === 'n' ? 1_000 : 1); at++) await pulls.follow(`registry/i${at}:1`, done);
    t.equal(pulls.mayHaveBrought('registry/other:1'), false);
    await pulls.follow('registry/i0:1', done);
    t.equal(pulls.mayHaveBrought('registry/other:1'), false, 'a name that is kept takes no other place');
    await pulls.follow(beyond, done);
    t.equal(pulls.mayHaveBrought('registry/other:1'), true);
    images.set(listOf(), Number.MAX_SAFE_INTEGER);
    t.equal(pulls.mayHaveBrought('registry/other:1'), false);
  }
});
