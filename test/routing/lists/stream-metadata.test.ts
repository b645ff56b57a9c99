import { test } from 'tap';
import type { Metadata } from '../../../src/base/call.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { methods } from '../../support/facts.ts';
import { fakeRuntime, Source } from '../fakes.ts';
import { readAll, startLab } from '../lab.ts';

const streaming = methods.filter(fact => fact.serverStream).map(fact => fact.method);
const lists = streaming.filter(method => method !== 'GetContainerEvents');

/** A stream of empty messages that ends; its metadata name the source. */
function sourceOf(name: string, messages = 1): Source {
  const source = new Source();
  source.headers = Promise.resolve([['x-head', name]]);
  source.trailers = [['x-tail', name]];
  for (let count = 0; count < messages; count++) source.push(Buffer.alloc(0));
  return source;
}

function ended(source: Source): Source {
  source.end();
  return source;
}

for (const method of lists) {
  test(`${method}: the metadata is that of the first runtime's stream`, async t => {
    const primary = fakeRuntime('', { answers: { [method]: ended(sourceOf('primary')) } });
    const alt = fakeRuntime('alt', { answers: { [method]: ended(sourceOf('alt')) } });
    const lab = startLab([primary, alt]);
    t.teardown(() => lab.stop());
    const reply = lab.open(method);
    await readAll(reply);
    t.strictSame(await reply.headers, [['x-head', 'primary']]);
    t.strictSame(reply.trailers, [['x-tail', 'primary']]);
  });
}

test('GetContainerEvents: headers of the primary come before its first event', async t => {
  const alt = fakeRuntime('alt', { answers: { GetContainerEvents: new Source() } });
  const lab = startLab([fakeRuntime('', { answers: { GetContainerEvents: sourceOf('primary') } }), alt]);
  t.teardown(() => lab.stop());
  const reply = lab.open('GetContainerEvents');
  const messages = reply[Symbol.asyncIterator]();
  await messages.next();
  t.strictSame(await reply.headers, [['x-head', 'primary']]);
});

test('GetContainerEvents: an event of another runtime does not wait for the headers of the primary', async t => {
  const silent = new Source();
  silent.headers = new Promise<Metadata>(() => {});
  const alt = fakeRuntime('alt', { answers: { GetContainerEvents: sourceOf('alt') } });
  const lab = startLab([fakeRuntime('', { answers: { GetContainerEvents: silent } }), alt]);
  t.teardown(() => lab.stop());
  const reply = lab.open('GetContainerEvents');
  const messages = reply[Symbol.asyncIterator]();
  t.equal((await messages.next()).done, false);
  t.strictSame(await reply.headers, []);
});

test('a stream that fails at once has the metadata of its error, and headers that resolve', async t => {
  const error = new ProxyError(9, 'no', { trailers: [['x-why', 'because']] });
  const source = new Source();
  source.fail(error);
  const lab = startLab([fakeRuntime('', { answers: { StreamContainerStats: source } })]);
  t.teardown(() => lab.stop());
  const reply = lab.open('StreamContainerStats');
  await t.rejects(readAll(reply), error);
  t.strictSame(await reply.headers, []);
});
