import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { MemoryAccount } from '../../../src/base/memory-account.ts';
import { criTypes } from '../../support/cri-types.ts';
import { type FakeRuntime, fakeRuntime, Source, unimplemented } from '../fakes.ts';
import { settle, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');
const METHOD = 'GetContainerEvents';

const event = (container_id: string) => types.encode('ContainerEventResponse', { container_id });
const idOf = (bytes: Buffer | undefined) => types.decode('ContainerEventResponse', bytes!)['container_id'];

/** A runtime that opens these streams of events, one after the other. */
function withEvents(id: string, ...sources: Source[]): FakeRuntime {
  const opened = sources.values();
  return fakeRuntime(id, { answers: { [METHOD]: () => opened.next().value ?? new Source() } });
}

async function next(stream: AsyncIterator<Buffer>): Promise<string> {
  return idOf((await stream.next()).value);
}

/** The end of a stream that has nothing more to give: 'end', or its error. */
function endOf(stream: AsyncIterator<Buffer>): Promise<ProxyError | 'end' | string> {
  return stream.next().then(
    ({ done, value }) => (done === true ? 'end' : `event ${idOf(value)}`),
    fault => fault,
  );
}

test('events of all runtimes come as they arrive, in the names of the client, with the time that they came with', async t => {
  const [ofPrimary, ofAlt] = [new Source(), new Source()];
  const lab = startLab([withEvents('', ofPrimary), withEvents('alt', ofAlt)]);
  t.teardown(() => lab.stop());
  const stream = lab.stream(METHOD);
  ofAlt.push(types.encode('ContainerEventResponse', { container_id: 'c1', created_at: 12345n }));
  const first = types.decode('ContainerEventResponse', (await stream.next()).value!);
  t.match(first, { container_id: 'alt__c1', created_at: 12345n });
  ofPrimary.push(event('c2'));
  t.equal(await next(stream), 'c2');
  ofAlt.push(event('c3'));
  t.equal(await next(stream), 'alt__c3');
});

/** The fault of the secondary when a client asks for events, and the client's answer. */
const withoutEvents: ReadonlyArray<readonly [what: string, alt: () => FakeRuntime, code: Code]> = [
  ['lacks the method', () => fakeRuntime('alt'), Code.Unimplemented],
  ['is older than the method', () => fakeRuntime('alt', { packages: ['runtime.v1alpha2'] }), Code.Unimplemented],
  ['is down and may have pods', () => fakeRuntime('alt', { state: 'lost' }), Code.Unavailable],
];

for (const [what, alt, code] of withoutEvents) {
  test(`events while a secondary ${what}: none, at once`, async t => {
    const runtime = alt();
    const lab = startLab([withEvents(''), runtime]);
    t.teardown(() => lab.stop());
    for (const time of ['first', 'second'])
      t.match(await endOf(lab.stream(METHOD)), { code, message: /runtime alt/ }, `the ${time} time`);
    await settle();
    t.strictSame(
      runtime.asked.filter(({ method }) => method !== METHOD),
      [],
      'and nothing is made from its lists',
    );
  });
}

test('events of a primary that lacks the method', async t => {
  const lab = startLab([fakeRuntime(''), withEvents('alt')]);
  t.teardown(() => lab.stop());
  t.strictSame(await endOf(lab.stream(METHOD)), unimplemented(METHOD), 'its own answer, unchanged');
});

test('events of a primary that comes up in time', async t => {
  const source = new Source();
  const primary = fakeRuntime('', { state: 'down', answers: { [METHOD]: source } });
  const lab = startLab([primary], { primaryWait: 60_000 });
  t.teardown(() => lab.stop());
  const first = next(lab.stream(METHOD));
  await settle();
  primary.comeUp();
  source.push(event('c1'));
  t.equal(await first, 'c1');
});

/** The event in the secondary while the stream is open, and how it ends the stream. */
const endings: ReadonlyArray<
  readonly [what: string, happen: (alt: FakeRuntime, source: Source) => void, end: object | string]
> = [
  ['goes down', alt => alt.goDown('it was shot'), { code: Code.Unavailable, message: /runtime alt .*it was shot/ }],
  ['ends its own', (_, source) => source.end(), 'end'],
  [
    'fails its own',
    (_, source) => source.fail(new ProxyError(Code.Unknown, 'it broke')),
    { code: Code.Unknown, message: 'criproxy: events of runtime alt: it broke' },
  ],
];

for (const [what, happen, end] of endings) {
  test(`a stream of events ends when a runtime ${what}, after what has come, and can be opened again`, async t => {
    const [ofPrimary, ofAlt] = [new Source(), new Source()];
    const alt = withEvents('alt', ofAlt);
    const primary = withEvents('', ofPrimary);
    const lab = startLab([primary, alt]);
    t.teardown(() => lab.stop());
    const stream = lab.stream(METHOD);
    ofPrimary.push(event('c1'));
    t.equal(await next(stream), 'c1');
    ofPrimary.push(event('c2'));
    await settle();
    happen(alt, ofAlt);
    t.equal(await next(stream), 'c2');
    t.match(await endOf(stream), end);
    if (alt.state.kind === 'down') alt.comeUp();
    const again = lab.stream(METHOD);
    const third = next(again);
    await settle();
    ofPrimary.push(event('c3'));
    t.equal(await third, 'c3');
    t.equal(primary.askedFor(METHOD).length, 1, 'the subscription to the other was not disturbed');
    t.equal(alt.askedFor(METHOD).length, 2);
  });
}

test('a runtime that was never seen comes up: the stream ends, since its pods are in no event', async t => {
  const alt = fakeRuntime('alt', { state: 'down' });
  const ofPrimary = new Source();
  const lab = startLab([withEvents('', ofPrimary), alt]);
  t.teardown(() => lab.stop());
  const stream = lab.stream(METHOD);
  ofPrimary.push(event('c1'));
  t.equal(await next(stream), 'c1', 'it is not missed before');
  alt.comeUp();
  t.match(await endOf(stream), { code: Code.Unavailable, message: /runtime alt has come up/ });
  t.match(await endOf(lab.stream(METHOD)), { code: Code.Unimplemented }, 'it has no events');
});

test('two readers share one subscription, and both have every event', async t => {
  const source = new Source();
  const primary = withEvents('', source);
  const lab = startLab([primary]);
  t.teardown(() => lab.stop());
  const readers = [lab.stream(METHOD), lab.stream(METHOD)];
  const first = readers.map(next);
  await settle();
  source.push(event('c1'), event('c2'));
  t.strictSame(await Promise.all(first), ['c1', 'c1']);
  await readers[0]!.return(undefined);
  t.equal(await next(readers[1]!), 'c2');
  t.equal(primary.askedFor(METHOD).length, 1);
  await readers[1]!.return(undefined);
  t.notOk(source.cancelled, 'it stays open: containerd 1.7 would give the next event to a subscriber that has left');
  lab.stop();
  t.ok(source.cancelled);
});

test('a request that says something has a subscription of its own, which ends with its reader', async t => {
  const [shared, own] = [new Source(), new Source()];
  const primary = withEvents('', shared, own);
  const lab = startLab([primary]);
  t.teardown(() => lab.stop());
  const everybody = next(lab.stream(METHOD));
  await settle();
  const cancel = new AbortController();
  const request = Buffer.from([0x0a, 1, 0x78]);
  const picky = lab.stream(METHOD, request, { signal: cancel.signal });
  const first = next(picky);
  await settle();
  own.push(event('c1'));
  t.equal(await first, 'c1');
  t.strictSame(primary.askedFor(METHOD).at(-1)!.request, request);
  cancel.abort();
  t.match(await endOf(picky), { code: Code.Cancelled });
  t.ok(own.cancelled);
  shared.push(event('c2'));
  t.equal(await everybody, 'c2');
});

test('a client that reads too slowly loses its own stream, and other clients lose no event', async t => {
  const source = new Source();
  const lab = startLab([withEvents('', source)]);
  t.teardown(() => lab.stop());
  const [slow, quick] = [lab.stream(METHOD), lab.stream(METHOD)];
  const first = [next(slow), next(quick)];
  await settle();
  source.push(event('c0'));
  await Promise.all(first);
  const large = types.encode('ContainerEventResponse', {
    container_id: 'big',
    pod_sandbox_status: { id: 'p', annotations: { padding: 'x'.repeat(100_000) } },
  });
  const heard: string[] = [];
  for (let count = 0; count < 100; count++) {
    source.push(large);
    heard.push(await next(quick));
  }
  t.equal(heard.length, 100);
  t.match(await endOf(slow), { code: Code.ResourceExhausted, message: /too slowly/ });
  t.equal(lab.node.feeds.tooSlow, 1);
  source.push(event('c1'));
  t.equal(await next(quick), 'c1');
});

test('readers of one client that stand still share the memory of the client, and a reader of another client loses nothing', async t => {
  const source = new Source();
  const lab = startLab([withEvents('', source)], { level: 0 });
  t.teardown(() => lab.stop());
  const total = new MemoryAccount(400_000);
  const [hostile, good] = [new MemoryAccount(200_000, total), new MemoryAccount(200_000, total)];
  const still = Array.from({ length: 20 }, () => lab.stream(METHOD, {}, { account: hostile }));
  const quick = lab.stream(METHOD, {}, { account: good });
  const first = [...still, quick].map(next);
  await settle();
  source.push(event('c0'));
  await Promise.all(first);
  let most = 0;
  for (let count = 1; count <= 1_000; count++) {
    source.push(event(`c${count}`));
    if ((await next(quick)) !== `c${count}`) t.fail(`event ${count} is missing`);
    most = Math.max(most, hostile.used);
  }
  t.ok(most > 0 && most <= 150_000, `${most} bytes, of 200,000 of which a quarter stays free`);
  t.ok(lab.node.feeds.tooSlow > 0, 'some of the streams have ended');
  t.ok(lab.node.feeds.tooSlow < still.length, 'the others go on');
  for (const stream of still) await stream.return(undefined);
  t.equal(total.used, 0, 'all is given back');
});

test("the caller's cancellation ends its stream", async t => {
  const lab = startLab([withEvents(''), withEvents('alt')]);
  t.teardown(() => lab.stop());
  const cancel = new AbortController();
  const stream = lab.stream(METHOD, {}, { signal: cancel.signal });
  const waiting = endOf(stream);
  await settle();
  cancel.abort();
  t.match(await waiting, { code: Code.Cancelled });
  t.match(await endOf(lab.stream(METHOD, {}, { signal: cancel.signal })), { code: Code.Cancelled }, 'one that is over');
});
