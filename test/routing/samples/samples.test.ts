import { type Test, test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { SAMPLE_AGE } from '../../../src/routing/state/last-samples.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';
import { type FakeRuntime, fakeRuntime, Source } from '../fakes.ts';
import { type Lab, readAll, settle, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');

/** The lists of samples that have a stream too, and a function that builds an answer with items of these ids. */
const lists: Readonly<Record<string, readonly [stream: string, build: (ids: readonly string[]) => Message]>> = {
  ListContainerStats: ['StreamContainerStats', ids => ({ stats: ids.map(id => ({ attributes: { id } })) })],
  ListPodSandboxStats: ['StreamPodSandboxStats', ids => ({ stats: ids.map(id => ({ attributes: { id } })) })],
  ListPodSandboxMetrics: [
    'StreamPodSandboxMetrics',
    ids => ({ pod_metrics: ids.map(pod_sandbox_id => ({ pod_sandbox_id })) }),
  ],
};
const broken = new ProxyError(Code.Internal, 'the disk is on fire');

function encode(method: string, ...ids: string[]): Buffer {
  return types.encode(methodFact(method).response, lists[method]![1](ids));
}

function idsOf(answer: Message): string[] {
  const [items] = Object.values(answer).filter(Array.isArray) as [Message[]];
  return items.map(item => item['attributes']?.id ?? item['pod_sandbox_id']);
}

async function streamedIds(lab: Lab, stream: string): Promise<string[]> {
  const messages = await readAll(lab.stream(stream));
  return messages.flatMap(message => idsOf(types.decode(methodFact(stream).response, message)));
}

const inLog = (lab: Lab, pattern: RegExp) => lab.log.filter(({ message }) => pattern.test(message));

/** The ways in which a secondary goes silent after it has answered once. */
const silences: Readonly<Record<string, (alt: FakeRuntime, method: string) => void>> = {
  'does not answer in time': (alt, method) => {
    alt.answers[method] = () => new Promise<Buffer>(() => {});
  },
  fails: (alt, method) => {
    alt.answers[method] = broken;
  },
  'is down': alt => alt.goDown(),
};

for (const [method, [stream]] of Object.entries(lists)) {
  for (const [what, silence] of Object.entries(silences)) {
    test(
      `${method} of a secondary that ${what} comes from its last samples, streamed too; said once`,
      fastForward(async t => {
        const alt = fakeRuntime('alt', { answers: { [method]: encode(method, 'x') } });
        const own = { [method]: encode(method, 'p'), [stream]: [encode(method, 'p')] };
        const lab = startLab([fakeRuntime('', { answers: own }), alt]);
        t.teardown(() => lab.stop());
        t.strictSame(idsOf(await lab.call(method)), ['p', 'alt__x']);
        silence(alt, method);
        for (let time = 0; time < 3; time++) t.strictSame(idsOf(await lab.call(method)), ['p', 'alt__x']);
        t.strictSame(await streamedIds(lab, stream), ['p', 'alt__x']);
        t.equal(inLog(lab, /alt comes from its last samples/).length, 1);
        alt.answers[method] = encode(method, 'y');
        alt.comeUp();
        t.strictSame(idsOf(await lab.call(method)), ['p', 'alt__y']);
        t.equal(inLog(lab, /alt is live again/).length, 1);
      }),
    );
  }

  test(
    `${method}: the primary has as long as the client waits, and a secondary that answers meanwhile is live`,
    fastForward(async t => {
      const [late, altLate] = [Promise.withResolvers<Buffer>(), Promise.withResolvers<Buffer>()];
      const alt = fakeRuntime('alt', { answers: { [method]: () => altLate.promise } });
      const lab = startLab([fakeRuntime('', { answers: { [method]: () => late.promise } }), alt], { listTimeout: 20 });
      t.teardown(() => lab.stop());
      const answer = lab.call(method);
      await elapse(60);
      altLate.resolve(encode(method, 'x'));
      await settle();
      late.resolve(encode(method, 'p'));
      t.strictSame(idsOf(await answer), ['p', 'alt__x']);
    }),
  );

  test(`${method}: the primary's error is the client's`, async t => {
    const alt = fakeRuntime('alt', { answers: { [method]: encode(method, 'x') } });
    const lab = startLab([fakeRuntime('', { answers: { [method]: broken } }), alt]);
    t.teardown(() => lab.stop());
    t.equal(await lab.fault(method), broken);
  });

  test(
    `${stream}: a primary that pauses has not ended, and one that breaks fails the call`,
    fastForward(async t => {
      const source = new Source();
      const alt = fakeRuntime('alt', { answers: { [stream]: [encode(method, 'x'), encode(method, 'y')] } });
      const lab = startLab([fakeRuntime('', { answers: { [stream]: source } }), alt], { listTimeout: 20 });
      t.teardown(() => lab.stop());
      const ids = streamedIds(lab, stream);
      source.push(encode(method, 'p'));
      await elapse(60);
      source.push(encode(method, 'q'));
      source.end();
      t.strictSame(await ids, ['p', 'q', 'alt__x', 'alt__y']);
      const next = new Source();
      (lab.node.runtimes.primary as FakeRuntime).answers[stream] = next;
      next.push(encode(method, 'p'));
      next.fail(broken);
      await t.rejects(streamedIds(lab, stream), broken);
    }),
  );
}

test('a stream that the primary does not have is asked of no runtime', async t => {
  const stream = 'StreamContainerStats';
  const alt = fakeRuntime('alt', { answers: { [stream]: [encode('ListContainerStats', 'x')] } });
  const lab = startLab([fakeRuntime('', { packages: ['runtime.v1alpha2'] }), alt]);
  t.teardown(() => lab.stop());
  await t.rejects(streamedIds(lab, stream), { code: Code.Unimplemented });
  t.strictSame(alt.asked, []);
});

test(
  'stats that always take longer than the list timeout are there from the second call on, a question at a time',
  fastForward(async t => {
    const method = 'ListContainerStats';
    let round = 0;
    const answer = () => elapse(60).then(() => encode(method, `x${++round}`));
    const alt = fakeRuntime('alt', { answers: { [method]: answer } });
    const lab = startLab([fakeRuntime('', { answers: { [method]: encode(method, 'p') } }), alt], { listTimeout: 20 });
    t.teardown(() => lab.stop());
    t.strictSame(idsOf(await lab.call(method)), ['p']);
    await Promise.all([lab.call(method), lab.call(method)]);
    t.equal(alt.askedFor(method).length, 1, 'the question is under way');
    await elapse(80);
    for (const expected of ['x1', 'x2', 'x3']) {
      t.strictSame(idsOf(await lab.call(method)), ['p', `alt__${expected}`]);
      await elapse(80);
    }
    t.equal(inLog(lab, /is sent without runtime alt/).length, 1);
    t.equal(inLog(lab, /alt comes from its last samples/).length, 1, 'and not each time');
  }),
);

for (const method of ['ListContainerStats', 'ListPodSandboxStats'])
  test(
    `${method}: a secondary that comes up is asked at once, and a slow one is not missing from the first list`,
    fastForward(async t => {
      const slow = Promise.withResolvers<Buffer>();
      const listed = types.encode('ListContainersResponse', { containers: [{ id: 'x' }] });
      const pods = types.encode('ListPodSandboxResponse', { items: [{ id: 'x' }] });
      const alt = fakeRuntime('alt', {
        state: 'down',
        answers: { [method]: () => slow.promise, ListContainers: listed, ListPodSandbox: pods },
      });
      const lab = startLab([fakeRuntime('', { answers: { [method]: encode(method, 'p') } }), alt], { listTimeout: 20 });
      t.teardown(() => lab.stop());
      alt.comeUp();
      await elapse(40);
      t.equal(alt.askedFor(method).length, 1);
      slow.resolve(encode(method, 'x'));
      await settle();
      alt.answers[method] = () => new Promise<Buffer>(() => {});
      t.strictSame(idsOf(await lab.call(method)), ['p', 'alt__x']);
    }),
  );

test('last samples are of use for a bounded time', async t => {
  const method = 'ListContainerStats';
  const alt = fakeRuntime('alt', { answers: { [method]: encode(method, 'x') } });
  const lab = startLab([fakeRuntime('', { answers: { [method]: encode(method, 'p') } }), alt]);
  t.teardown(() => lab.stop());
  await lab.call(method);
  alt.goDown('it was shot');
  const inquiry = lab.node.samples.of(alt, method);
  const { value } = inquiry.last!;
  inquiry.last = { value, askedAt: performance.now() - SAMPLE_AGE + 60_000 };
  t.strictSame(idsOf(await lab.call(method)), ['p', 'alt__x']);
  inquiry.last = { value, askedAt: performance.now() - SAMPLE_AGE - 1 };
  t.strictSame(idsOf(await lab.call(method)), ['p']);
  t.match(inLog(lab, /is sent without runtime alt: .*it was shot/), [{ severity: 'warn' }]);
});

/** Pods and containers that the secondary lists, two containers in each pod, and samples of them. */
const pods = [
  { id: 'p1', labels: { app: 'a' } },
  { id: 'p2', labels: { app: 'b' } },
];
const containers = pods.flatMap(({ id, labels }) =>
  [1, 2].map(n => ({ id: `${id}c${n}`, pod_sandbox_id: id, labels })),
);
const containerStats = containers.map(({ id, labels }) => ({ attributes: { id, labels } }));
const podStats = pods.map(({ id, labels }) => ({
  attributes: { id, labels },
  linux: {
    cpu: { timestamp: 7n },
    containers: containerStats.filter(({ attributes }) => attributes.id.startsWith(id)),
  },
}));
const podMetrics = pods.map(({ id }) => ({
  pod_sandbox_id: id,
  container_metrics: containers
    .filter(each => each.pod_sandbox_id === id)
    .map(each => ({ container_id: each.id, metrics: [{ name: 'm' }] })),
}));

async function silentLab(t: Test): Promise<{ lab: Lab; alt: FakeRuntime }> {
  const alt = fakeRuntime('alt', {
    answers: {
      ListPodSandbox: types.encode('ListPodSandboxResponse', { items: pods }),
      ListContainers: types.encode('ListContainersResponse', { containers }),
      ListContainerStats: types.encode('ListContainerStatsResponse', { stats: containerStats }),
      ListPodSandboxStats: types.encode('ListPodSandboxStatsResponse', { stats: podStats }),
      ListPodSandboxMetrics: types.encode('ListPodSandboxMetricsResponse', { pod_metrics: podMetrics }),
      RemoveContainer: Buffer.alloc(0),
      RemovePodSandbox: Buffer.alloc(0),
    },
  });
  const nothing = Object.fromEntries(Object.keys(lists).map(method => [method, Buffer.alloc(0)]));
  const lab = startLab([fakeRuntime('', { answers: nothing }), alt]);
  t.teardown(() => lab.stop());
  for (const method of ['ListPodSandbox', 'ListContainers', ...Object.keys(lists)]) await lab.call(method);
  return { lab, alt };
}

const filters: ReadonlyArray<readonly [method: string, filter: Message, ids: string[]]> = [
  ['ListContainerStats', { id: 'alt__p1c2' }, ['alt__p1c2']],
  ['ListContainerStats', { pod_sandbox_id: 'alt__p2' }, ['alt__p2c1', 'alt__p2c2']],
  ['ListContainerStats', { label_selector: { app: 'a' } }, ['alt__p1c1', 'alt__p1c2']],
  ['ListContainerStats', { pod_sandbox_id: 'alt__p2', label_selector: { app: 'a' } }, []],
  ['ListPodSandboxStats', { id: 'alt__p2' }, ['alt__p2']],
  ['ListPodSandboxStats', { label_selector: { app: 'b' } }, ['alt__p2']],
];

for (const [method, filter, ids] of filters) {
  test(
    `${method} with the filter ${JSON.stringify(filter)} from last samples`,
    fastForward(async t => {
      const { lab, alt } = await silentLab(t);
      for (const silence of Object.values(silences)) {
        silence(alt, method);
        t.strictSame(idsOf(await lab.call(method, { filter })), ids);
      }
    }),
  );
}

test(
  'a question with a filter is for its client alone: its end says nothing of the runtime',
  fastForward(async t => {
    const { lab, alt } = await silentLab(t);
    alt.answers['ListContainerStats'] = request =>
      request.length > 0 ? new Promise<Buffer>(() => {}) : types.encode('ListContainerStatsResponse', { stats: [] });
    await lab.call('ListContainerStats', { filter: { id: 'alt__p1c1' } });
    t.strictSame(idsOf(await lab.call('ListContainerStats')), [], 'its own answer');
    t.strictSame(inLog(lab, /last samples/), []);
  }),
);

test('a filter for a runtime that answers: its own answer, and its own error', async t => {
  const { lab, alt } = await silentLab(t);
  const gone = new ProxyError(Code.NotFound, 'no such container');
  alt.answers['ListContainerStats'] = gone;
  t.equal(await lab.fault('ListContainerStats', { filter: { id: 'alt__p1c1' } }), gone);
});

test('a request with a field of tomorrow is for its client alone', async t => {
  const method = 'ListContainerStats';
  const alt = fakeRuntime('alt', { answers: { [method]: encode(method, 'x') } });
  const lab = startLab([fakeRuntime('', { answers: { [method]: encode(method, 'p') } }), alt]);
  t.teardown(() => lab.stop());
  await lab.call(method);
  alt.answers[method] = encode(method, 'some');
  for (const request of [
    [0x10, 1],
    [0x0a, 2, 0x50, 1],
  ]) {
    const { message } = await lab.send(method, Buffer.from(request));
    t.strictSame(idsOf(types.decode('ListContainerStatsResponse', message)), ['p', 'alt__some']);
    t.strictSame(alt.askedFor(method).at(-1)!.request, Buffer.from(request), 'passed on as it is');
  }
  alt.goDown();
  t.strictSame(idsOf(await lab.call(method)), ['p', 'alt__x'], 'and not kept');
});

test('a client with a short deadline gets the last samples, and the runtime does not count as late', async t => {
  const method = 'ListContainerStats';
  const slow = Promise.withResolvers<Buffer>();
  const alt = fakeRuntime('alt', { answers: { [method]: encode(method, 'x') } });
  const lab = startLab([fakeRuntime('', { answers: { [method]: encode(method, 'p') } }), alt], { listTimeout: 60_000 });
  t.teardown(() => lab.stop());
  await lab.call(method);
  alt.answers[method] = () => slow.promise;
  const hasty = await lab.call(method, {}, { deadline: performance.now() + 50 });
  t.strictSame(idsOf(hasty), ['p', 'alt__x']);
  t.strictSame(inLog(lab, /last samples/), []);
  const patient = lab.call(method);
  await settle();
  slow.resolve(encode(method, 'y'));
  t.strictSame(idsOf(await patient), ['p', 'alt__y']);
});

for (const method of Object.keys(lists)) {
  test(
    `${method} from last samples is without what is known to be removed`,
    fastForward(async t => {
      const { lab, alt } = await silentLab(t);
      await lab.call('RemoveContainer', { container_id: 'alt__p1c1' });
      await lab.call('RemovePodSandbox', { pod_sandbox_id: 'alt__p2' });
      alt.goDown();
      const answer = await lab.call(method);
      const text = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value));
      t.strictSame([...new Set(text.match(/alt__p\dc\d/g))].sort(), ['alt__p1c2']);
      t.strictSame(idsOf(answer), [method === 'ListContainerStats' ? 'alt__p1c2' : 'alt__p1']);
      if (method === 'ListPodSandboxStats') t.match(text, '"timestamp":"7"', 'the samples keep their times');
    }),
  );
}

/** The lists of samples. `needsAll`: a secondary without the method makes the whole list Unimplemented. */
const lacking: ReadonlyArray<readonly [method: string, needsAll: boolean]> = [
  ['ListContainerStats', false],
  ['ListPodSandboxStats', true],
  ['ListPodSandboxMetrics', false],
  ['ListMetricDescriptors', false],
];

for (const [method, needsAll] of lacking) {
  const answer = (name: string) =>
    method === 'ListMetricDescriptors'
      ? types.encode('ListMetricDescriptorsResponse', { descriptors: [{ name }] })
      : encode(method, name);
  const names = (message: Message) => (message['descriptors'] ? message['descriptors'][0].name : idsOf(message)[0]);

  test(`${method} where only the secondary has it`, async t => {
    const lab = startLab([fakeRuntime(''), fakeRuntime('alt', { answers: { [method]: answer('x') } })]);
    t.teardown(() => lab.stop());
    if (needsAll) t.equal((await lab.fault(method)).code, Code.Unimplemented);
    else t.equal(names(await lab.call(method)).replace('alt__', ''), 'x', "the secondary's");
  });

  test(`${method} where only the primary has it`, async t => {
    const lab = startLab([fakeRuntime('', { answers: { [method]: answer('x') } }), fakeRuntime('alt')]);
    t.teardown(() => lab.stop());
    if (needsAll) t.match(await lab.fault(method), { code: Code.Unimplemented, message: /runtime alt has no/ });
    else t.equal(names(await lab.call(method)), 'x');
    await lab.call(method).catch(() => {});
    t.strictSame(inLog(lab, /is sent without/), [], 'a list that a runtime lacks is not missing');
    const warned = method === 'ListContainerStats' ? 1 : 0;
    t.equal(inLog(lab, /runtime alt has no ListContainerStats: its pods have no stats/).length, warned);
  });
}

test('descriptors of the same name are one, the first', async t => {
  const answerOf = (...descriptors: Message[]) => types.encode('ListMetricDescriptorsResponse', { descriptors });
  const lab = startLab([
    fakeRuntime('', { answers: { ListMetricDescriptors: answerOf({ name: 'a', help: 'first' }, { name: 'b' }) } }),
    fakeRuntime('alt', { answers: { ListMetricDescriptors: answerOf({ name: 'c' }, { name: 'a', help: 'second' }) } }),
  ]);
  t.teardown(() => lab.stop());
  const { descriptors } = await lab.call('ListMetricDescriptors');
  t.match(descriptors, [{ name: 'a', help: 'first' }, { name: 'b' }, { name: 'c' }]);
  t.equal(descriptors.length, 3);
});

test('metrics that have other labels than the descriptor of their name says are left out', async t => {
  const descriptorsOf = (...descriptors: Message[]) => types.encode('ListMetricDescriptorsResponse', { descriptors });
  const metricsOf = (pod_sandbox_id: string) => {
    const metrics = ['same', 'other', 'own'].map(name => ({ name, label_values: ['a', 'b'] }));
    const pod_metrics = [{ pod_sandbox_id, metrics, container_metrics: [{ container_id: 'c', metrics }] }];
    return types.encode('ListPodSandboxMetricsResponse', { pod_metrics });
  };
  const primary = fakeRuntime('', {
    answers: {
      ListMetricDescriptors: descriptorsOf(
        { name: 'same', label_keys: ['x', 'y'] },
        { name: 'other', label_keys: ['x', 'y'] },
      ),
      ListPodSandboxMetrics: metricsOf('p'),
    },
  });
  const alt = fakeRuntime('alt', {
    answers: {
      ListMetricDescriptors: descriptorsOf(
        { name: 'same', label_keys: ['x', 'y'] },
        { name: 'other', label_keys: ['y', 'x'] },
        { name: 'own', label_keys: ['z', 'y'] },
      ),
      ListPodSandboxMetrics: metricsOf('q'),
    },
  });
  const lab = startLab([primary, alt]);
  t.teardown(() => lab.stop());
  const named = async () => {
    const { pod_metrics } = await lab.call('ListPodSandboxMetrics');
    return pod_metrics.map(({ metrics, container_metrics: [container] }: Message) =>
      [metrics, container.metrics].map((each: Message[]) => each.map(({ name }) => name).join(' ')),
    );
  };
  for (let time = 0; time < 2; time++) await lab.call('ListMetricDescriptors');
  const all = 'same other own';
  t.strictSame(await named(), [
    [all, all],
    ['same own', 'same own'],
  ]);
  alt.goDown();
  t.strictSame((await named())[1], ['same own', 'same own'], 'of its last samples too');
  t.equal(inLog(lab, /runtime alt are left out: .* other labels: other/).length, 1);
});
