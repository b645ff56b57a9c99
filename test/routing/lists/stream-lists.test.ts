import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';
import { fastForward } from '../../support/virtual-time.ts';
import { fakeRuntime, Source } from '../fakes.ts';
import { readAll, settle, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');

/** Each streamed list, its unary list, and a function that builds a message with these items. */
const streams: Readonly<Record<string, readonly [unary: string, build: (...ids: string[]) => Message]>> = {
  StreamPodSandboxes: ['ListPodSandbox', (...ids) => ({ pod_sandboxes: ids.map(id => ({ id })) })],
  StreamContainers: ['ListContainers', (...ids) => ({ containers: ids.map(id => ({ id })) })],
  StreamImages: ['ListImages', (...ids) => ({ images: ids.map(id => ({ id })) })],
  StreamContainerStats: [
    'ListContainerStats',
    (...ids) => ({ container_stats: ids.map(id => ({ attributes: { id } })) }),
  ],
  StreamPodSandboxStats: [
    'ListPodSandboxStats',
    (...ids) => ({ pod_sandbox_stats: ids.map(id => ({ attributes: { id } })) }),
  ],
  StreamPodSandboxMetrics: [
    'ListPodSandboxMetrics',
    (...ids) => ({ pod_sandbox_metrics: ids.map(pod_sandbox_id => ({ pod_sandbox_id })) }),
  ],
};

/** Lists whose parts are sent as they come; a list of images is joined first: see image-list.test.ts. */
const inParts = Object.keys(streams).filter(method => method !== 'StreamImages');

const ofState = ['StreamPodSandboxes', 'StreamContainers', 'StreamImages'];

function encode(method: string, ...ids: string[]): Buffer {
  return types.encode(methodFact(method).response, streams[method]![1](...ids));
}

function idsIn(method: string, bytes: Buffer): string[] {
  const [items] = Object.values(types.decode(methodFact(method).response, bytes)) as [Message[]];
  return items.map(item => item['id'] ?? item['attributes']?.id ?? item['pod_sandbox_id']);
}

function shown(method: string, id: string): string {
  return method === 'StreamImages' ? `alt/${id}` : `alt__${id}`;
}

for (const [method, [unary]] of Object.entries(streams)) {
  test(`${method}: a runtime without the stream has its part from ${unary}`, async t => {
    const list = types.encode(
      methodFact(unary).response,
      types.decode(methodFact(unary).response, encode(method, 'x', 'y')),
    );
    const alt = fakeRuntime('alt', { packages: ['runtime.v1alpha2', 'runtime.v1'], answers: { [unary]: list } });
    const lab = startLab([fakeRuntime('', { answers: { [method]: [encode(method, 'a')] } }), alt]);
    t.teardown(() => lab.stop());
    const ids = (await readAll(lab.stream(method))).flatMap(bytes => idsIn(method, bytes));
    t.strictSame(ids.sort(), ['a', shown(method, 'x'), shown(method, 'y')].sort());
  });

  test(`${method} is Unimplemented when the primary lacks it, and no stream is left open`, async t => {
    const source = new Source();
    const lab = startLab([fakeRuntime(''), fakeRuntime('alt', { answers: { [method]: source } })]);
    t.teardown(() => lab.stop());
    source.push(encode(method, 'x'));
    await t.rejects(readAll(lab.stream(method)), { code: Code.Unimplemented });
    await settle();
    // A question about samples is for all clients, and goes on.
    t.equal(source.cancelled, ofState.includes(method), "alt's stream is cancelled");
  });
}

for (const method of inParts) {
  test(`${method} joins the streams of all runtimes`, async t => {
    const lab = startLab([
      fakeRuntime('', { answers: { [method]: [encode(method, 'a', 'b'), encode(method, 'c')] } }),
      fakeRuntime('alt', { answers: { [method]: [encode(method, 'a'), encode(method, 'b', 'c')] } }),
    ]);
    t.teardown(() => lab.stop());
    const messages = (await readAll(lab.stream(method))).map(bytes => idsIn(method, bytes));
    const [own, others] = [false, true].map(alt => messages.filter(ids => ids[0]!.startsWith('alt') === alt));
    t.strictSame(own, [['a', 'b'], ['c']], "the primary's, in its order");
    t.strictSame(
      others!.flat(),
      ['a', 'b', 'c'].map(id => shown(method, id)),
      "alt's, in its order",
    );
  });
}

for (const method of inParts.filter(each => ofState.includes(each))) {
  const [unary] = streams[method]!;
  test(
    `${method}: a runtime that sends nothing does not keep the others waiting, nor its stream open`,
    fastForward(async t => {
      const silent = new Source();
      const lab = startLab([
        fakeRuntime('', { answers: { [method]: [encode(method, 'a')] } }),
        fakeRuntime('alt', { answers: { [method]: silent, [unary]: Buffer.alloc(0) } }),
      ]);
      t.teardown(() => lab.stop());
      const stream = lab.stream(method);
      t.strictSame(idsIn(method, (await stream.next()).value!), ['a']);
      const rest = await readAll(stream).catch(fault => fault.code);
      t.strictSame(rest, Code.Unavailable, 'state that is not known is an error');
      await settle();
      t.equal(silent.cancelled, true, 'what nobody reads any more is cancelled');
    }),
  );

  test(`${method}: leaving early cancels every stream`, async t => {
    const sources = [new Source(), new Source()];
    const [primary, alt] = ['', 'alt'].map((id, at) => fakeRuntime(id, { answers: { [method]: sources[at]! } }));
    const lab = startLab([primary!, alt!], { listTimeout: 60_000 });
    t.teardown(() => lab.stop());
    sources[0]!.push(encode(method, 'a'));
    const stream = lab.stream(method);
    await stream.next();
    await stream.return(undefined);
    await settle();
    t.strictSame(
      sources.map(source => source.cancelled),
      [true, true],
    );
  });

  test(`${method}: the caller's cancellation reaches every runtime`, async t => {
    const sources = [new Source(), new Source()];
    const [primary, alt] = ['', 'alt'].map((id, at) => fakeRuntime(id, { answers: { [method]: sources[at]! } }));
    const lab = startLab([primary!, alt!], { listTimeout: 60_000 });
    t.teardown(() => lab.stop());
    const cancel = new AbortController();
    sources[0]!.push(encode(method, 'a'));
    const stream = lab.stream(method, {}, { signal: cancel.signal });
    await stream.next();
    cancel.abort();
    t.strictSame(
      sources.map(source => source.cancelled),
      [true, true],
    );
  });

  test(`${method}: no runtime is read ahead of the client`, async t => {
    const sources = [new Source(), new Source()];
    const [primary, alt] = ['', 'alt'].map((id, at) => fakeRuntime(id, { answers: { [method]: sources[at]! } }));
    const lab = startLab([primary!, alt!], { listTimeout: 60_000 });
    t.teardown(() => lab.stop());
    for (const source of sources) source.push(...Array.from({ length: 40 }, (_, at) => encode(method, `item-${at}`)));
    const stream = lab.stream(method);
    for (let read = 1; read <= 10; read++) {
      await stream.next();
      await settle();
      const pulls = sources[0]!.pulls + sources[1]!.pulls;
      t.ok(pulls <= read + 2, `${pulls} messages asked for, ${read} read`);
    }
    await stream.return(undefined);
  });
}

for (const method of inParts.filter(each => !ofState.includes(each))) {
  test(`${method}: a client that leaves ends the primary's stream; the question to a secondary is everybody's`, async t => {
    const sources = [new Source(), new Source()];
    const [primary, alt] = ['', 'alt'].map((id, at) => fakeRuntime(id, { answers: { [method]: sources[at]! } }));
    const lab = startLab([primary!, alt!], { listTimeout: 50 });
    t.teardown(() => lab.stop());
    t.teardown(() => sources[1]!.end());
    const [cancel, second] = [new AbortController(), new AbortController()];
    for (const { signal } of [cancel, second]) {
      sources[0]!.push(encode(method, 'a'));
      await lab.stream(method, {}, { signal }).next();
    }
    cancel.abort();
    t.strictSame(
      sources.map(source => source.cancelled),
      [true, false],
    );
    t.equal(alt!.askedFor(method).length, 1, 'one question at a time');
  });

  test(`${method}: the primary is not read ahead of the client`, async t => {
    const source = new Source();
    const lab = startLab([fakeRuntime('', { answers: { [method]: source } })]);
    t.teardown(() => lab.stop());
    source.push(...Array.from({ length: 40 }, (_, at) => encode(method, `item-${at}`)));
    const stream = lab.stream(method);
    for (let read = 1; read <= 10; read++) {
      await stream.next();
      await settle();
      t.ok(source.pulls <= read + 1, `${source.pulls} messages asked for, ${read} read`);
    }
    await stream.return(undefined);
  });
}

for (const method of ofState) {
  test(`${method} is Unavailable, with the reason, when a runtime fails and nothing is known of it`, async t => {
    const fault = new ProxyError(Code.Unimplemented, 'half-way');
    const broken = new Source();
    broken.push(encode(method, 'x'));
    broken.fail(fault);
    const lab = startLab([
      fakeRuntime('', { answers: { [method]: [encode(method, 'a')] } }),
      fakeRuntime('alt', { answers: { [method]: broken } }),
    ]);
    t.teardown(() => lab.stop());
    await t.rejects(readAll(lab.stream(method)), { code: Code.Unavailable, message: /runtime alt.*half-way/ });
  });
}

test(
  'StreamImages is Unavailable when a runtime sends nothing, and its stream is cancelled',
  fastForward(async t => {
    const silent = new Source();
    const lab = startLab([
      fakeRuntime('', { answers: { StreamImages: [encode('StreamImages', 'a')] } }),
      fakeRuntime('alt', { answers: { StreamImages: silent } }),
    ]);
    t.teardown(() => lab.stop());
    await t.rejects(readAll(lab.stream('StreamImages')), { code: Code.Unavailable });
    await settle();
    t.equal(silent.cancelled, true);
  }),
);

test("StreamImages: the caller's cancellation reaches every runtime", async t => {
  const sources = [new Source(), new Source()];
  const [primary, alt] = ['', 'alt'].map((id, at) => fakeRuntime(id, { answers: { StreamImages: sources[at]! } }));
  const lab = startLab([primary!, alt!], { listTimeout: 60_000 });
  t.teardown(() => lab.stop());
  const cancel = new AbortController();
  sources[0]!.push(encode('StreamImages', 'a'));
  const first = lab.stream('StreamImages', {}, { signal: cancel.signal }).next();
  first.catch(() => {});
  await settle();
  cancel.abort();
  t.strictSame(
    sources.map(source => source.cancelled),
    [true, true],
  );
});
