import { test } from 'tap';
import { keyOfItems } from '../../../src/cri/read/filter.ts';
import { Listing } from '../../../src/routing/asking/kept-list.ts';
import { add as addItem, remove } from '../../../src/routing/state/list-changes.ts';
import { criTypes } from '../../support/cri-types.ts';
import { memoryInUse } from '../../support/memory-in-use.ts';

const types = criTypes('runtime.v1');
const listOf = (...ids: string[]) => types.encode('ListPodSandboxResponse', { items: ids.map(id => ({ id })) });
const bytesOf = (id: string) => types.encode('PodSandbox', { id });
const add = (id: string) => addItem(id, () => bytesOf(id));
const ids = (listing: Listing) => [...listing.index().keys()];

function known(...list: string[]): Listing {
  const listing = new Listing();
  listing.set(listOf(...list), 1);
  return listing;
}

test('a change while a list is under way is made in that list too', async t => {
  const listing = known('a', 'b');
  const question = listing.ask();
  listing.change(remove('a'));
  listing.change(add('c'));
  t.same(ids(listing), ['b', 'c'], 'at once');
  listing.answer(question, listOf('a', 'b'), 2);
  t.same(ids(listing), ['b', 'c'], 'and in an answer from before');
});

test('a change before a list was asked for is not made again: the runtime knows better', async t => {
  const listing = known('a');
  const first = listing.ask();
  listing.change(remove('a'));
  const second = listing.ask();
  listing.answer(second, listOf('a'), 2);
  t.same(ids(listing), ['a']);
  listing.answer(first, listOf(), 1);
  t.same(ids(listing), ['a'], 'an older answer that comes later is of no use');
  t.equal(listing.takenAt, 2);
});

test('each list that is under way misses only later changes', async t => {
  const listing = known();
  const first = listing.ask();
  listing.change(add('a'));
  const second = listing.ask();
  listing.change(add('b'));
  listing.answer(first, listOf(), 2);
  t.same(ids(listing), ['a', 'b']);
  listing.change(add('c'));
  listing.answer(second, listOf('a'), 3);
  t.same(ids(listing).sort(), ['a', 'b', 'c']);
});

test('a list that never ends does not make the others forget', async t => {
  const listing = known('a');
  const hung = listing.ask();
  for (let index = 0; index < 100; index++) {
    const question = listing.ask();
    listing.change(index % 2 === 0 ? add('x') : remove('x'));
    listing.answer(question, listOf('a'), index);
    t.same(ids(listing), index % 2 === 0 ? ['a', 'x'] : ['a']);
  }
  listing.giveUp(hung);
  const question = listing.ask();
  listing.answer(question, listOf('z'), 200);
  t.same(ids(listing), ['z'], 'what all have seen is not made again');
});

test('changes of a listing that was never taken are made in its first answer', async t => {
  const listing = new Listing();
  const question = listing.ask();
  listing.change(add('new'));
  t.equal(listing.takenAt, undefined);
  listing.answer(question, listOf('a'), 5);
  t.same(ids(listing), ['a', 'new']);
});

test('changes are not kept while lists overlap for ever', async t => {
  const listing = known();
  let last = listing.ask();
  const before = await memoryInUse();
  for (let index = 0; index < 1_000; index++) {
    const next = listing.ask();
    const content = Buffer.alloc(10_000);
    listing.change(items => {
      items.set('a', content);
      return ['a'];
    });
    listing.answer(last, listOf(), index);
    last = next;
  }
  const grown = (await memoryInUse()) - before;
  t.ok(grown < 1_000_000, `${Math.round(grown / 1024)} KiB more after 1,000 changes of 10 kB`);
  t.same(ids(listing), ['a'], 'the list is still there');
});

test('an answer with the bytes of the last one is that one', async t => {
  const listing = new Listing();
  const first = listOf('a', 'b');
  t.equal(listing.sameAnswer(first), undefined, 'there is none yet');
  listing.answer(listing.ask(), first, 1);
  listing.takeUnwritten();
  t.equal(listing.sameAnswer(listOf('a', 'b')), first);
  t.equal(listing.sameAnswer(listOf('b', 'a')), undefined, 'another order');
  listing.answer(listing.ask(), first, 2);
  t.equal(listing.takenAt, 2, 'it is as new as if it were another');
  t.ok(listing.isWritten, 'but nothing has changed');
});

/** The events between two answers with the same bytes. */
const between: ReadonlyArray<readonly [what: string, happens: (listing: Listing) => void]> = [
  ['nothing', () => {}],
  ['a change', listing => listing.change(remove('a'))],
  ['a change of what is not there', listing => listing.change(remove('z'))],
  ['a list from elsewhere', listing => listing.set(listOf('x'), 2)],
  ['a look at its items', listing => void listing.index()],
];

for (const [what, happens] of between) {
  test(`the same answer after ${what} is the list as the runtime has it`, async t => {
    const listing = new Listing();
    listing.answer(listing.ask(), listOf('a', 'b'), 1);
    happens(listing);
    const again = listOf('a', 'b');
    listing.answer(listing.ask(), listing.sameAnswer(again) ?? again, 3);
    t.same(ids(listing), ['a', 'b']);
    t.equal(listing.takenAt, 3);
  });
}

test('a change that the same answer may have missed is made in it again', async t => {
  const listing = new Listing();
  const first = listOf('a', 'b');
  listing.answer(listing.ask(), first, 1);
  const question = listing.ask();
  listing.change(remove('a'));
  listing.answer(question, listing.sameAnswer(first)!, 2);
  t.same(ids(listing), ['b']);
  listing.answer(listing.ask(), listing.sameAnswer(first)!, 3);
  t.same(ids(listing), ['a', 'b'], 'and not in the next one');
});

test('a renewed item is not given again', async t => {
  const listing = new Listing();
  listing.answer(listing.ask(), listOf('a'), 1);
  listing.renew();
  t.equal(listing.sameAnswer(listOf('a')), undefined);
  const next = listOf('a');
  listing.answer(listing.ask(), next, 2);
  t.equal(listing.sameAnswer(listOf('a')), next, 'its next answer is');
});

test('after several answers, the differences to the last writing are to be written', async t => {
  const listing = known('a', 'b', 'c');
  listing.takeUnwritten();
  for (const list of [['a', 'x'], ['y'], ['c', 'a', 'd']]) listing.answer(listing.ask(), listOf(...list), 2);
  listing.change(add('e'));
  listing.change(remove('a'));
  t.notOk(listing.isWritten);
  t.same([...listing.takeUnwritten()].sort(), ['a', 'b', 'd', 'e']);
  t.ok(listing.isWritten);
  for (const list of [['z'], ['c', 'd', 'e']]) listing.answer(listing.ask(), listOf(...list), 3);
  t.ok(listing.isWritten, 'there and back again');
  listing.change(remove('c'));
  listing.answer(listing.ask(), listOf('c', 'd', 'e'), 4);
  t.same([...listing.takeUnwritten()], ['c'], 'a change that an answer takes back is written, and does no harm');
});

test('an image has its id, whether or not it was pulled for a handler', async t => {
  const listing = new Listing(() => {}, keyOfItems('ListImages'));
  const images = [{ id: 'one' }, { id: 'two', spec: { runtime_handler: 'kata' } }];
  listing.set(criTypes('runtime.v1').encode('ListImagesResponse', { images }), 1000);
  t.strictSame(
    ['one', 'two', 'three'].map(id => listing.hasId(id)),
    [true, true, false],
  );
});
