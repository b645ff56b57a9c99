import { test } from 'tap';
import { Code } from '../../src/base/codes.ts';
import { ProxyError } from '../../src/base/error.ts';
import { criTypes, type Message } from '../support/cri-types.ts';
import { type Answers, fakeRuntime, Source } from './fakes.ts';
import { settle, startLab } from './lab.ts';

const types = criTypes('runtime.v1');
const METHOD = 'GetContainerEvents';

const event = (container_id: string) => types.encode('ContainerEventResponse', { container_id });
const idOf = (bytes: Buffer | undefined) => types.decode('ContainerEventResponse', bytes!)['container_id'];

/** A runtime whose events come from a source, and whose lists are what they are at the time. */
function withEvents(source: Source, containers: readonly Message[] = []): Answers {
  return {
    [METHOD]: source,
    ListContainers: () => types.encode('ListContainersResponse', { containers }),
  };
}

async function next(stream: AsyncGenerator<Buffer>): Promise<string> {
  return idOf((await stream.next()).value);
}

test('events of all runtimes come as they arrive, in the names of the client', async t => {
  const [ofPrimary, ofAlt] = [new Source(), new Source()];
  const lab = startLab([
    fakeRuntime('', { answers: withEvents(ofPrimary) }),
    fakeRuntime('alt', { answers: withEvents(ofAlt) }),
  ]);
  t.teardown(() => lab.stop());
  const stream = lab.stream(METHOD);
  ofAlt.push(event('c1'));
  t.equal(await next(stream), 'alt__c1');
  ofPrimary.push(event('c2'));
  t.equal(await next(stream), 'c2');
  ofAlt.push(event('c3'));
  t.equal(await next(stream), 'alt__c3');
});

test('a runtime that comes up later joins in', async t => {
  const [ofPrimary, ofAlt] = [new Source(), new Source()];
  const alt = fakeRuntime('alt', { state: 'down', answers: withEvents(ofAlt) });
  const lab = startLab([fakeRuntime('', { answers: withEvents(ofPrimary) }), alt]);
  t.teardown(() => lab.stop());
  const stream = lab.stream(METHOD);
  ofPrimary.push(event('c1'));
  t.equal(await next(stream), 'c1');
  const later = next(stream);
  await settle();
  t.equal(alt.askedFor(METHOD).length, 0);
  alt.comeUp();
  ofAlt.push(event('c2'));
  t.equal(await later, 'alt__c2');
});

test('the stream is open while the primary is down, and its events come once it is up', async t => {
  const [ofPrimary, ofAlt] = [new Source(), new Source()];
  const primary = fakeRuntime('', { state: 'down', answers: withEvents(ofPrimary) });
  const lab = startLab([primary, fakeRuntime('alt', { answers: withEvents(ofAlt) })]);
  t.teardown(() => lab.stop());
  const stream = lab.stream(METHOD);
  ofAlt.push(event('c1'));
  t.equal(await next(stream), 'alt__c1');
  primary.comeUp();
  ofPrimary.push(event('c2'));
  t.equal(await next(stream), 'c2');
});

test("the caller's cancellation reaches every runtime, and ends the stream", async t => {
  const sources = [new Source(), new Source()];
  const [primary, alt] = ['', 'alt'].map((id, at) => fakeRuntime(id, { answers: withEvents(sources[at]!) }));
  const lab = startLab([primary!, alt!]);
  t.teardown(() => lab.stop());
  const cancel = new AbortController();
  const stream = lab.stream(METHOD, {}, { signal: cancel.signal });
  const waiting = stream.next().catch(fault => fault.code);
  // Both streams are opened once the lists are known.
  sources[0]!.push(event('c1'));
  t.equal(idOf((await waiting).value), 'c1');
  const after = stream.next().catch(fault => fault.code);
  await settle();
  cancel.abort();
  t.equal(await after, Code.Cancelled);
  t.strictSame(
    sources.map(source => source.cancelled),
    [true, true],
  );
});

test('no runtime is read ahead of the client', async t => {
  const source = new Source();
  source.push(...Array.from({ length: 40 }, (_, at) => event(`c${at}`)));
  const lab = startLab([fakeRuntime('', { answers: withEvents(source) })]);
  t.teardown(() => lab.stop());
  const stream = lab.stream(METHOD);
  for (let read = 1; read <= 10; read++) {
    t.equal(await next(stream), `c${read - 1}`);
    await settle();
    t.ok(source.pulls <= read + 1, `${source.pulls} asked for, ${read} read`);
  }
});

const faults: ReadonlyArray<readonly [what: string, fault: ProxyError | 'end']> = [
  ['ends', 'end'],
  ['fails', new ProxyError(Code.Unknown, 'it broke')],
  ['is lost', new ProxyError(Code.Unavailable, 'connection lost')],
];

for (const [what, fault] of faults) {
  test(`a stream of one runtime that ${what} does not end the whole: it is opened again`, async t => {
    const ofAlt = [new Source(), new Source()];
    const opened = ofAlt.values();
    const answers = { ...withEvents(new Source()), [METHOD]: () => opened.next().value! };
    const ofPrimary = new Source();
    const lab = startLab([fakeRuntime('', { answers: withEvents(ofPrimary) }), fakeRuntime('alt', { answers })]);
    t.teardown(() => lab.stop());
    const stream = lab.stream(METHOD);
    ofAlt[0]!.push(event('c1'));
    t.equal(await next(stream), 'alt__c1');
    if (fault === 'end') ofAlt[0]!.end();
    else ofAlt[0]!.fail(fault);
    ofPrimary.push(event('c2'));
    t.equal(await next(stream), 'c2', 'the other goes on');
    ofAlt[1]!.push(event('c3'));
    t.equal(await next(stream), 'alt__c3', 'and the one comes back');
  });
}

test('a runtime without the method has events made of its lists', async t => {
  const containers: Message[] = [];
  const alt = fakeRuntime('alt', {
    answers: {
      ListContainers: () => types.encode('ListContainersResponse', { containers }),
      PodSandboxStatus: types.encode('PodSandboxStatusResponse', { status: { id: 'p1' } }),
      ContainerStatus: types.encode('ContainerStatusResponse', { status: { id: 'c1' } }),
    },
  });
  const lab = startLab([fakeRuntime('', { answers: withEvents(new Source()) }), alt]);
  t.teardown(() => lab.stop());
  const stream = lab.stream(METHOD);
  const first = stream.next();
  await settle();
  containers.push({ id: 'c1', pod_sandbox_id: 'p1', state: 'CONTAINER_RUNNING' });
  const created = types.decode('ContainerEventResponse', (await first).value!, { defaults: true });
  t.strictSame([created['container_id'], created['container_event_type']], ['alt__c1', 'CONTAINER_CREATED_EVENT']);
  const started = types.decode('ContainerEventResponse', (await stream.next()).value!, { defaults: true });
  t.strictSame([started['container_id'], started['container_event_type']], ['alt__c1', 'CONTAINER_STARTED_EVENT']);
});

for (const [what, own] of [
  ['without events', undefined],
  ['with events', [] as Buffer[]],
] as const) {
  test(`a runtime ${what} whose lists fail is not asked in a hurry`, async t => {
    const broken = new ProxyError(Code.Unknown, 'no lists today');
    const alt = fakeRuntime('alt', {
      answers: { ...(own && { [METHOD]: own }), ListContainers: broken, ListPodSandbox: broken },
    });
    const lab = startLab([fakeRuntime('', { answers: withEvents(new Source()) }), alt]);
    t.teardown(() => lab.stop());
    lab
      .stream(METHOD)
      .next()
      .catch(() => {});
    await new Promise(resolve => setTimeout(resolve, 300));
    t.ok(alt.asked.length < 12, `${alt.asked.length} calls in 300 ms`);
  });
}

test('streams that were opened in vain are cancelled', async t => {
  const opened: Source[] = [];
  const alt = fakeRuntime('alt', {
    answers: {
      [METHOD]: () => {
        const source = new Source();
        opened.push(source);
        return source;
      },
      ListPodSandbox: new ProxyError(Code.Unknown, 'no lists today'),
    },
  });
  const lab = startLab([fakeRuntime('', { answers: withEvents(new Source()) }), alt]);
  t.teardown(() => lab.stop());
  lab
    .stream(METHOD)
    .next()
    .catch(() => {});
  await new Promise(resolve => setTimeout(resolve, 800));
  t.ok(opened.length > 1, `opened ${opened.length} times`);
  t.ok(opened.filter(source => !source.cancelled).length <= 1, 'at most one of them is open');
});
