import { test } from 'tap';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { fastForward } from '../../support/virtual-time.ts';
import { fakeRuntime } from '../fakes.ts';
import { settle, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');
const METHOD = 'ListPodSandbox';

const podsOf = (...ids: string[]) => types.encode('ListPodSandboxResponse', { items: ids.map(id => ({ id })) });
const idsOf = (answer: Message) => answer['items'].map((item: Message) => item['id']);

/** Two runtimes; the secondary's next answer waits for `answer`, and its snapshot has the pod `old`. */
async function startSlow(listTimeout: number) {
  const answer = Promise.withResolvers<Buffer>();
  const alt = fakeRuntime('alt', { answers: { [METHOD]: podsOf('old') } });
  const lab = startLab([fakeRuntime('', { answers: { [METHOD]: podsOf('p') } }), alt], { listTimeout });
  await lab.call(METHOD);
  alt.answers[METHOD] = () => answer.promise;
  return { lab, alt, answer };
}

test('a client in a hurry has the snapshot, and the runtime is not late for others', async t => {
  const { lab, alt, answer } = await startSlow(60_000);
  t.teardown(() => lab.stop());
  t.strictSame(idsOf(await lab.call(METHOD, {}, { deadline: performance.now() + 40 })), ['p', 'alt__old']);
  t.notOk(lab.node.isOverdue(alt, METHOD));
  const patient = lab.call(METHOD);
  await settle();
  answer.resolve(podsOf('new'));
  t.strictSame(idsOf(await patient), ['p', 'alt__new']);
});

test('a question with a filter does not make a runtime late; one that is whole does', async t => {
  const { lab, alt, answer } = await startSlow(20);
  t.teardown(() => lab.stop());
  const filter = { label_selector: { app: 'a' } };
  await lab.call(METHOD, { filter });
  t.notOk(lab.node.isOverdue(alt, METHOD));
  await lab.call(METHOD);
  t.ok(lab.node.isOverdue(alt, METHOD));
  answer.resolve(podsOf('new'));
  await settle();
  t.notOk(lab.node.isOverdue(alt, METHOD));
});

test('the answer to a request with an unknown field is not kept as the whole list', async t => {
  const { lab, alt, answer } = await startSlow(60_000);
  t.teardown(() => lab.stop());
  answer.resolve(podsOf('some'));
  const { message } = await lab.send(METHOD, Buffer.from([0x10, 1]));
  t.strictSame(idsOf(types.decode('ListPodSandboxResponse', message)), ['p', 'alt__some']);
  alt.goDown();
  t.strictSame(idsOf(await lab.call(METHOD)), ['p', 'alt__old']);
});

test('Status for a client in a hurry does not wait for a secondary, and does not make it late', async t => {
  const conditions = ['RuntimeReady', 'NetworkReady'].map(type => ({ type, status: true }));
  const ready = types.encode('StatusResponse', { status: { conditions } });
  const slow = Promise.withResolvers<Buffer>();
  const config = types.encode('RuntimeConfigResponse', { linux: { cgroup_driver: 0 } });
  const alt = fakeRuntime('alt', { answers: { Status: () => slow.promise, RuntimeConfig: config } });
  const primary = fakeRuntime('', { answers: { Status: ready, RuntimeConfig: config } });
  const lab = startLab([primary, alt], { listTimeout: 60_000 });
  t.teardown(() => lab.stop());
  const altReady = (answer: Message) =>
    answer['status'].conditions.find(({ type }: Message) => type === 'criproxy.alt/Ready');
  const hasty = await lab.call('Status', {}, { deadline: performance.now() + 60 });
  t.match(altReady(hasty), { status: false, message: 'it has not answered Status yet' });
  const patient = lab.call('Status');
  await settle();
  slow.resolve(ready);
  t.match(altReady(await patient), { status: true });
  t.equal(alt.askedFor('Status').length, 1);
});

test(
  'a question with a filter ends with its client or at the list timeout, one for the whole list goes on',
  fastForward(async t => {
    const { lab, alt } = await startSlow(40);
    t.teardown(() => lab.stop());
    const filter = { label_selector: { app: 'a' } };
    const left = new AbortController();
    const isOpen = () => !alt.asked.at(-1)!.options.signal.aborted;
    const leaving = lab.call(METHOD, { filter }, { signal: left.signal });
    await settle();
    t.ok(isOpen());
    left.abort();
    t.notOk(isOpen(), 'its client has left');
    await t.rejects(leaving);
    t.notOk(lab.node.isStale(alt, METHOD), 'which says nothing about the runtime');
    await lab.call(METHOD, { filter });
    t.notOk(isOpen(), 'its time is over');
    await lab.call(METHOD);
    t.ok(isOpen(), 'the answer is the next snapshot');
  }),
);
