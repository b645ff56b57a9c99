import { test } from 'tap';
import type { CallOptions } from '../../../src/base/call.ts';
import { Code, codeName } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { heardCalls, Silence } from '../../../src/routing/port/silence.ts';
import { criTypes } from '../../support/cri-types.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';
import { type Answers, type FakeRuntime, fakeRuntime, Source, unimplemented } from '../fakes.ts';
import { callOptions, type Lab, settle, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');
const never = () => new Promise<Buffer>(() => {});

/** A runtime whose answers are noted as signs of life, as the composition does. */
function heardRuntime(id: string, answers: Answers = {}): FakeRuntime & { silence: Silence } {
  const runtime = fakeRuntime(id, { answers });
  const silence = new Silence();
  const [call, stream] = [runtime.call.bind(runtime), runtime.stream.bind(runtime)];
  return Object.assign(runtime, { silence, ...heardCalls({ call, stream }, silence) });
}

const inLog = (lab: Lab, pattern: RegExp) => lab.log.filter(({ message }) => pattern.test(message));

test(
  'a runtime hangs when a whole list has waited for its limit and nothing was answered since',
  fastForward(async t => {
    const alt = heardRuntime('alt', { ContainerStatus: never });
    const lab = startLab([fakeRuntime(''), alt], { listTimeout: 30 });
    t.teardown(() => lab.stop());
    const options: CallOptions = callOptions();
    lab.call('ContainerStatus', { container_id: 'alt__c1' }, options).catch(() => {});
    await elapse(60);
    t.equal(alt.silence.since, undefined, 'a call of a client may take as long as it takes');
    const answer = Promise.withResolvers<Buffer>();
    alt.answers['ListPodSandbox'] = () => answer.promise;
    const before = Date.now();
    await lab.fault('ListPodSandbox');
    t.ok(alt.silence.since! >= before - 5 && alt.silence.since! <= Date.now(), String(alt.silence.since));
    t.match(inLog(lab, /runtime alt is connected but has answered no call since/), [{ severity: 'warn' }]);
    answer.resolve(Buffer.alloc(0));
    await settle();
    t.equal(alt.silence.since, undefined);
    t.equal(inLog(lab, /runtime alt answers again/).length, 1);
  }),
);

test('a runtime that answers other calls does not hang, whatever a list does', async t => {
  const alt = heardRuntime('alt', {
    ListPodSandbox: never,
    ContainerStatus: types.encode('ContainerStatusResponse', { status: { id: 'c1' } }),
  });
  const lab = startLab([fakeRuntime(''), alt], { listTimeout: 60 });
  t.teardown(() => lab.stop());
  const list = lab.fault('ListPodSandbox');
  await settle();
  await lab.call('ContainerStatus', { container_id: 'alt__c1' });
  await list;
  t.equal(alt.silence.since, undefined);
});

/** The end of a call, and whether it is a sign of life. */
const ends: ReadonlyArray<readonly [end: ProxyError | Buffer, isHeard: boolean]> = [
  [Buffer.alloc(0), true],
  [unimplemented('X'), true],
  [new ProxyError(Code.NotFound, 'gone'), true],
  [new ProxyError(Code.DeadlineExceeded, 'late'), false],
  [new ProxyError(Code.Cancelled, 'the client is gone'), false],
  [new ProxyError(Code.Unavailable, 'the connection was lost'), false],
];

for (const [end, isHeard] of ends) {
  const what = end instanceof ProxyError ? codeName(end.code) : 'OK';
  test(`the end ${what} of a call is ${isHeard ? 'an answer' : 'none'}`, async t => {
    const silence = new Silence();
    const answer = async () => {
      if (end instanceof ProxyError) throw end;
      return { message: end, headers: [], trailers: [] };
    };
    const stream = () => ({
      headers: Promise.resolve([]),
      trailers: [],
      async *[Symbol.asyncIterator]() {
        yield (await answer()).message;
      },
    });
    const calls = heardCalls({ call: answer, stream }, silence);
    silence.overdue(performance.now());
    t.ok(silence.since);
    await calls.call('/x/Y', Buffer.alloc(0), callOptions()).catch(() => {});
    t.equal(silence.since === undefined, isHeard, 'unary');
    silence.reset();
    silence.overdue(performance.now());
    await (async () => {
      for await (const _ of calls.stream('/x/Y', [], callOptions()));
    })().catch(() => {});
    t.equal(silence.since === undefined, isHeard, 'streamed');
  });
}

test('a call says which runtime it waits for, and for how long', async t => {
  const alt = heardRuntime('alt', { ContainerStatus: never, ListPodSandbox: never });
  const lab = startLab([fakeRuntime(''), alt], { listTimeout: 20 });
  t.teardown(() => lab.stop());
  const options = { metadata: [], deadline: undefined, signal: new AbortController().signal } as CallOptions;
  const found = lab.service('/runtime.v1.RuntimeService/ContainerStatus')!;
  if (found.kind !== 'unary') throw new Error('a stream');
  const request = types.encode('ContainerStatusRequest', { container_id: 'alt__c1' });
  found.handle(request, options).catch(() => {});
  await settle();
  t.match(options.waitsFor!(), /^criproxy: runtime alt has not answered ContainerStatus for 0\.\d s$/);
  await lab.fault('ListPodSandbox');
  t.match(options.waitsFor!(), /for 0\.\d s; the runtime has answered no call since \d{4}-\d\d-\d\dT/);
});

test('a stream of stats says that it waits for the primary, until the first message', async t => {
  const source = new Source();
  const lab = startLab([fakeRuntime('', { answers: { StreamContainerStats: source } })]);
  t.teardown(() => lab.stop());
  const options = callOptions();
  const found = lab.service('/runtime.v1.RuntimeService/StreamContainerStats')!;
  if (found.kind !== 'stream') throw new Error('unary');
  const messages = found.handle([Buffer.alloc(0)], options)[Symbol.asyncIterator]();
  const first = messages.next();
  await settle();
  t.match(options.waitsFor!(), /the primary runtime has not answered StreamContainerStats for/);
  source.push(Buffer.alloc(0));
  await first;
  t.equal(options.waitsFor, undefined);
  await messages.return?.();
  await settle();
  t.ok(source.cancelled);
});

for (const [what, path, request] of [
  ['a removal of an image', '/runtime.v1.ImageService/RemoveImage', { image: { image: 'web:1' } }],
  ['a method without a row', '/runtime.v2.RuntimeService/New', undefined],
] as const) {
  test(`${what} says that it waits for the primary`, async t => {
    const primary = fakeRuntime('', {
      answers: { ListImages: () => new Promise<Buffer>(() => {}), New: new Source() },
    });
    const lab = startLab([primary, fakeRuntime('alt')]);
    t.teardown(() => lab.stop());
    const options = callOptions({ deadline: performance.now() + 3_000 });
    const found = lab.service(path)!;
    const bytes = request === undefined ? Buffer.alloc(0) : types.encode('RemoveImageRequest', request);
    if (found.kind === 'unary') found.handle(bytes, options).catch(() => {});
    else
      found
        .handle([bytes], options)
        [Symbol.asyncIterator]()
        .next()
        .catch(() => {});
    await settle();
    t.match(options.waitsFor!(), /^criproxy: the primary runtime has not answered \S+ for/);
  });
}

test('a call that has its answer does not wait', async t => {
  const lab = startLab([fakeRuntime('', { answers: { ContainerStatus: Buffer.alloc(0) } })]);
  t.teardown(() => lab.stop());
  const options = callOptions();
  const found = lab.service('/runtime.v1.RuntimeService/ContainerStatus')!;
  if (found.kind !== 'unary') throw new Error('a stream');
  await found.handle(types.encode('ContainerStatusRequest', { container_id: 'c1' }), options);
  t.equal(options.waitsFor, undefined);
});

const versionOf = (runtime_api_version: string) =>
  types.encode('VersionResponse', {
    version: '0.1.0',
    runtime_name: 'fake',
    runtime_version: '1',
    runtime_api_version,
  });

/** A primary that has greeted in two packages. */
function greeted(answers: Answers) {
  const versions = new Map([
    ['runtime.v1', versionOf('v1')],
    ['runtime.v1alpha2', versionOf('v1alpha2')],
  ]);
  const primary = heardRuntime('', answers);
  const { state } = primary;
  let now = { ...state, versions };
  Object.defineProperty(primary, 'state', { get: () => now });
  const goDown = () => {
    now = { kind: 'down', since: 0, reason: 'it was shot', seen: true } as never;
  };
  return { primary, goDown };
}

test('Version while the primary answers is its own answer, and its own error', async t => {
  const { primary } = greeted({ Version: versionOf('v9') });
  const lab = startLab([primary]);
  t.teardown(() => lab.stop());
  t.equal((await lab.call('Version'))['runtime_api_version'], 'v9');
  primary.answers['Version'] = new ProxyError(Code.Internal, 'broken');
  t.match(await lab.fault('Version'), { code: Code.Internal, message: 'broken' });
});

test('while the primary is down or hangs, Version is its last answer, in the package of the client', async t => {
  const { primary, goDown } = greeted({ Version: never, Status: never, ListPodSandbox: never });
  const lab = startLab([primary, fakeRuntime('alt')], { listTimeout: 30, primaryWait: 30 });
  t.teardown(() => lab.stop());
  t.equal((await lab.call('Version'))['runtime_api_version'], 'v1', 'it hangs');
  await lab.fault('ListPodSandbox');
  const asked = primary.askedFor('Version').length;
  const alpha = await lab.call('Version', {}, { pkg: 'runtime.v1alpha2' });
  t.equal(alpha['runtime_api_version'], 'v1alpha2');
  t.equal(primary.askedFor('Version').length, asked, 'at once, since it is known to hang');
  goDown();
  t.match(await lab.call('Version'), { runtime_name: 'fake', runtime_api_version: 'v1' }, 'it is down');
  t.equal((await lab.fault('Status')).code, Code.Unavailable, 'Status is health');
});

test('Version of a primary that was never seen fails', async t => {
  const lab = startLab([fakeRuntime('', { state: 'down' })], { primaryWait: 20 });
  t.teardown(() => lab.stop());
  t.equal((await lab.fault('Version')).code, Code.Unavailable);
});
