import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';
import { fastForward } from '../../support/virtual-time.ts';
import { type Answers, fakeRuntime } from '../fakes.ts';
import { settle, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');

/** Each list that is joined from all runtimes, and the answer of a runtime with one item of this name. */
const lists: Readonly<Record<string, (name: string) => Message>> = {
  ListPodSandbox: id => ({ items: [{ id }] }),
  ListContainers: id => ({ containers: [{ id }] }),
  ListImages: id => ({ images: [{ id }] }),
  ListContainerStats: id => ({ stats: [{ attributes: { id } }] }),
  ListPodSandboxStats: id => ({ stats: [{ attributes: { id } }] }),
  ListPodSandboxMetrics: pod_sandbox_id => ({ pod_metrics: [{ pod_sandbox_id }] }),
  ListMetricDescriptors: name => ({ descriptors: [{ name }] }),
  ImageFsInfo: mountpoint => ({ image_filesystems: [{ fs_id: { mountpoint } }] }),
};

const ofState = ['ListPodSandbox', 'ListContainers', 'ListImages'];
const ofSamples = ['ListContainerStats', 'ListPodSandboxStats', 'ListPodSandboxMetrics', 'ListMetricDescriptors'];

function answerOf(method: string, name: string): Buffer {
  return types.encode(methodFact(method).response, lists[method]!(name));
}

/** The names in an answer, in order. */
function namesIn(answer: Message): string[] {
  const [items] = Object.values(answer).filter(value => Array.isArray(value) && value.length > 0) as [Message[]];
  return (items ?? []).map(
    item => item['id'] ?? item['attributes']?.id ?? item['pod_sandbox_id'] ?? item['name'] ?? item['fs_id'].mountpoint,
  );
}

const prefixOf: Readonly<Record<string, string>> = { ListImages: '/', ListMetricDescriptors: '', ImageFsInfo: '' };

function shown(method: string, id: string, name: string): string {
  const separator = prefixOf[method] ?? '__';
  return id === '' || separator === '' ? name : `${id}${separator}${name}`;
}

for (const method of Object.keys(lists)) {
  test(`${method} joins the answers of all runtimes, the primary's first`, async t => {
    const runtimes = ['', 'alt', 'other'].map(id =>
      fakeRuntime(id, { answers: { [method]: answerOf(method, `of-${id || 'primary'}`) } }),
    );
    const lab = startLab([runtimes[0]!, runtimes[1]!, runtimes[2]!]);
    t.teardown(() => lab.stop());
    t.strictSame(namesIn(await lab.call(method)), [
      'of-primary',
      shown(method, 'alt', 'of-alt'),
      shown(method, 'other', 'of-other'),
    ]);
  });

  test(`${method} asks all runtimes at the same time`, async t => {
    const answered = Promise.withResolvers<void>();
    const slow = (name: string): Answers => ({ [method]: () => answered.promise.then(() => answerOf(method, name)) });
    const runtimes = [
      fakeRuntime('', { answers: slow('late') }),
      fakeRuntime('alt', { answers: { [method]: answerOf(method, 'x') } }),
      fakeRuntime('other', { answers: slow('later') }),
    ] as const;
    const lab = startLab([...runtimes], { listTimeout: 60_000 });
    t.teardown(() => lab.stop());
    const answer = lab.call(method);
    await settle();
    t.strictSame(
      runtimes.map(runtime => runtime.askedFor(method).length),
      [1, 1, 1],
      'while the first has not answered',
    );
    answered.resolve();
    t.strictSame(
      namesIn(await answer),
      ['late', shown(method, 'alt', 'x'), shown(method, 'other', 'later')],
      'in the order of -connect, whoever answers first',
    );
  });

  test(`${method} of the primary alone comes as the same Buffer`, async t => {
    const bytes = answerOf(method, 'x');
    const lab = startLab([fakeRuntime('', { answers: { [method]: bytes } })]);
    t.teardown(() => lab.stop());
    t.equal((await lab.send(method, Buffer.alloc(0))).message, bytes);
  });

  test(`${method}: the metadata is the primary's`, async t => {
    const reply = (from: string) => ({
      message: answerOf(method, from),
      headers: [['x-from', from]] as const,
      trailers: [['x-end', from]] as const,
    });
    const [primary, alt] = ['', 'alt'].map(id => fakeRuntime(id, { answers: { [method]: reply(id || 'primary') } }));
    const lab = startLab([primary!, alt!]);
    t.teardown(() => lab.stop());
    const { headers, trailers } = await lab.send(method, Buffer.alloc(0));
    t.strictSame([headers, trailers], [[['x-from', 'primary']], [['x-end', 'primary']]]);
  });
}

const broken = new ProxyError(Code.ResourceExhausted, 'too many');

for (const method of ofState) {
  for (const id of ['', 'alt']) {
    test(`${method} when ${id || 'the primary'} fails and nothing is known of it is Unavailable, with its reason`, async t => {
      const answers = (each: string): Answers => ({ [method]: each === id ? broken : answerOf(method, 'x') });
      const [primary, alt] = ['', 'alt'].map(each => fakeRuntime(each, { answers: answers(each) }));
      const lab = startLab([primary!, alt!]);
      t.teardown(() => lab.stop());
      const fault = await lab.fault(method);
      t.equal(fault.code, Code.Unavailable);
      t.match(fault.message, id === '' ? 'primary runtime' : 'runtime alt');
      t.match(fault.message, 'too many');
    });
  }

  test(`${method} leaves out a secondary that has never been up`, async t => {
    const never = fakeRuntime('alt', { state: 'down', answers: { [method]: answerOf(method, 'y') } });
    const lab = startLab([fakeRuntime('', { answers: { [method]: answerOf(method, 'x') } }), never]);
    t.teardown(() => lab.stop());
    t.strictSame(namesIn(await lab.call(method)), ['x']);
    never.comeUp();
    t.strictSame(namesIn(await lab.call(method)), ['x', shown(method, 'alt', 'y')], 'and has it once it is up');
  });

  test(`${method} is Unavailable when a secondary that was up is down, and nothing is known of it`, async t => {
    const lost = fakeRuntime('alt', { state: 'lost' });
    const lab = startLab([fakeRuntime('', { answers: { [method]: answerOf(method, 'x') } }), lost]);
    t.teardown(() => lab.stop());
    const fault = await lab.fault(method);
    t.equal(fault.code, Code.Unavailable);
    t.match(fault.message, /runtime alt.*no socket/);
  });
}

for (const method of ofSamples) {
  test(
    `${method} goes without a secondary that fails, is down or does not answer`,
    fastForward(async t => {
      const lab = startLab([
        fakeRuntime('', { answers: { [method]: answerOf(method, 'x') } }),
        fakeRuntime('fails', { answers: { [method]: broken } }),
        ...(method === 'ListPodSandboxStats' ? [] : [fakeRuntime('lacks')]),
        fakeRuntime('down', { state: 'lost' }),
        fakeRuntime('hangs', { answers: { [method]: () => new Promise<Buffer>(() => {}) } }),
      ]);
      t.teardown(() => lab.stop());
      t.strictSame(namesIn(await lab.call(method)), ['x']);
    }),
  );

  test(`${method} of a primary alone that fails has its code and message`, async t => {
    const lab = startLab([fakeRuntime('', { answers: { [method]: broken } })]);
    t.teardown(() => lab.stop());
    const fault = await lab.fault(method);
    t.strictSame([fault.code, fault.message], [Code.ResourceExhausted, 'too many']);
  });
}

test('ImageFsInfo has the error of the primary', async t => {
  const alt = fakeRuntime('alt', { answers: { ImageFsInfo: answerOf('ImageFsInfo', 'x') } });
  const lab = startLab([fakeRuntime('', { answers: { ImageFsInfo: broken } }), alt]);
  t.teardown(() => lab.stop());
  const fault = await lab.fault('ImageFsInfo');
  t.strictSame([fault.code, fault.message], [Code.ResourceExhausted, 'too many']);
});

test('ImageFsInfo goes without a secondary that fails', async t => {
  const primary = fakeRuntime('', { answers: { ImageFsInfo: answerOf('ImageFsInfo', 'x') } });
  const lab = startLab([primary, fakeRuntime('alt', { answers: { ImageFsInfo: broken } })]);
  t.teardown(() => lab.stop());
  t.strictSame(namesIn(await lab.call('ImageFsInfo')), ['x']);
});
