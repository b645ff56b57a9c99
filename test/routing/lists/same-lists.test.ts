import { test } from 'tap';
import { criTypes } from '../../support/cri-types.ts';
import { type Answers, fakeRuntime } from '../fakes.ts';
import { startLab } from '../lab.ts';
import { startNode } from '../node-lab.ts';

const types = criTypes('runtime.v1');

/** The lists that are kept, and the answer of a runtime with one item of this id. */
const lists: Readonly<Record<string, (id: string) => Buffer>> = {
  ListPodSandbox: id => types.encode('ListPodSandboxResponse', { items: [{ id }] }),
  ListContainers: id => types.encode('ListContainersResponse', { containers: [{ id }] }),
  ListImages: id => types.encode('ListImagesResponse', { images: [{ id, repo_tags: [`${id}:1`] }] }),
};

for (const [method, listOf] of Object.entries(lists)) {
  test(`${method}: while no runtime's answer changes, the answer is one Buffer`, async t => {
    // Each answer is a new Buffer, as from a socket.
    const answers = (id: string): Answers => ({ [method]: () => listOf(id) });
    const [primary, alt] = [fakeRuntime('', { answers: answers('a') }), fakeRuntime('alt', { answers: answers('b') })];
    const lab = startLab([primary, alt]);
    t.teardown(() => lab.stop());
    const nothing = Buffer.alloc(0);
    const first = await lab.send(method, nothing);
    const again = await lab.send(method, nothing);
    t.equal(again.message, first.message);
    const older = await lab.send(method, nothing, { pkg: 'runtime.v1alpha2' });
    t.same(older.message, first.message, 'in another package');
    t.equal((await lab.send(method, nothing)).message, first.message, 'which is kept beside it');
    alt.answers[method] = () => listOf('c');
    const changed = await lab.send(method, nothing);
    t.notSame(changed.message, first.message);
    alt.answers[method] = () => listOf('b');
    t.same((await lab.send(method, nothing)).message, first.message, 'and back again');
  });

  test(`${method}: a malformed answer is none, whatever came before it`, async t => {
    const alt = fakeRuntime('alt', { answers: { [method]: () => listOf('b') } });
    const lab = startLab([fakeRuntime(''), alt], { level: 0 });
    t.teardown(() => lab.stop());
    const nothing = Buffer.alloc(0);
    const good = await lab.send(method, nothing);
    alt.answers[method] = () => listOf('b').subarray(0, -1);
    t.same((await lab.send(method, nothing)).message, good.message, 'from the snapshot');
    t.match(lab.log, [{ severity: 'warn', message: /comes from its snapshot/ }]);
  });
}

test('a pod that was listed before its call was answered shows the handler that was asked for from then on', async t => {
  const made = Promise.withResolvers<void>();
  const node = startNode(['', 'virtlet'], {
    handlers: [{ name: 'plain', runtime: 'virtlet', handler: '' }],
    answers: {
      '': { ListPodSandbox: () => ({ items: [] }) },
      virtlet: {
        async RunPodSandbox() {
          await made.promise;
          return { pod_sandbox_id: 'v0' };
        },
        ListPodSandbox: () => ({ items: [{ id: 'v0', runtime_handler: '' }] }),
      },
    },
  });
  t.teardown(() => node.stop());
  const shown = async () => (await node.call('ListPodSandbox', {}))['items'][0].runtime_handler;
  const run = node.call('RunPodSandbox', { config: {}, runtime_handler: 'virtlet' });
  const before = await shown();
  t.equal(await shown(), before);
  made.resolve();
  await run;
  t.not(before, 'virtlet', 'its table has another name first');
  t.equal(await shown(), 'virtlet');
});
