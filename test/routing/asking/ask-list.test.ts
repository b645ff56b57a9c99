import { test } from 'tap';
import type { CallOptions, Reply } from '../../../src/base/call.ts';
import { ownCall } from '../../../src/base/own-call.ts';
import { askList } from '../../../src/routing/asking/ask-list.ts';
import { Listing } from '../../../src/routing/asking/kept-list.ts';
import type { Runtime } from '../../../src/routing/port/runtime.ts';
import { criTypes } from '../../support/cri-types.ts';

const types = criTypes('runtime.v1');
const listOf = (...ids: string[]) => types.encode('ListPodSandboxResponse', { items: ids.map(id => ({ id })) });

/** Asks a runtime that answers like the transport: with the likely Buffer if the bytes are the same. */
function ask(listing: Listing, list: Buffer, meanwhile: () => void = () => {}): Promise<Reply> {
  const call = async (_path: string, _request: Buffer, { likely }: CallOptions): Promise<Reply> => {
    await undefined;
    meanwhile();
    return { message: likely?.equals(list) ? likely : list, headers: [], trailers: [] };
  };
  const runtime = { id: 'alt', state: { kind: 'up' }, call } as unknown as Runtime;
  return askList(runtime, '/runtime.v1.RuntimeService/ListPodSandbox', Buffer.alloc(0), listing, ownCall(1000));
}

test('a repeated answer is the same Buffer, so that all its results can be used again', async t => {
  const listing = new Listing();
  const first = await ask(listing, listOf('a'));
  t.equal((await ask(listing, listOf('a'))).message, first.message);
  t.not((await ask(listing, listOf('b'))).message, first.message);
  t.same([...listing.index().keys()], ['b']);
});

test('a repeated answer is another Buffer if its results became out of date on its way', async t => {
  const listing = new Listing();
  const { message } = await ask(listing, listOf('a'));
  for (const [what, meanwhile] of [
    ['more is known of an item', () => listing.renew()],
    ['another answer', () => listing.answer(listing.ask(), listOf('b'), 1)],
  ] as const) {
    const again = await ask(listing, listOf('a'), meanwhile);
    t.same(again.message, message, what);
    t.not(again.message, message, what);
  }
});
