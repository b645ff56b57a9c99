import { test } from 'tap';
import { criTypes } from '../../support/cri-types.ts';
import { len } from '../../wire/bytes.ts';
import { fakeRuntime, Source } from '../fakes.ts';
import { startSocket } from './access-lab.ts';

const SECRET = 'hunter2';
const types = criTypes('runtime.v1');
const applied = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'objectset.rio.cattle.io/applied',
  'kapp.k14s.io/original',
  'banzaicloud.com/last-applied',
];
const annotations = {
  ...Object.fromEntries(applied.map(key => [key, `{"env":[{"value":"${SECRET}"}]}`])),
  'example.com/team': 'kept',
};
const info = { config: `{"envs":[{"key":"TOKEN","value":"${SECRET}"}]}` };
const metadata = { name: 'kept', uid: 'u', namespace: 'n' };
const pod = { id: 'p', metadata, annotations };
const container = { id: 'c', pod_sandbox_id: 'p', metadata: { name: 'kept' }, annotations };

const event = types.encode('ContainerEventResponse', {
  container_id: 'c',
  pod_sandbox_status: pod,
  containers_statuses: [{ id: 'c', metadata: { name: 'kept' }, annotations }],
});
const events = new Source();
events.push(event);
events.end();

const rows = {
  PodSandboxStatus: types.encode('PodSandboxStatusResponse', { status: pod, info }),
  ContainerStatus: types.encode('ContainerStatusResponse', { status: { id: 'c', annotations }, info }),
  ListPodSandbox: types.encode('ListPodSandboxResponse', { items: [pod] }),
  ListContainers: types.encode('ListContainersResponse', { containers: [container] }),
  ListPodSandboxStats: types.encode('ListPodSandboxStatsResponse', {
    stats: [{ attributes: { id: 'p', metadata, annotations } }],
  }),
  ListContainerStats: types.encode('ListContainerStatsResponse', {
    stats: [{ attributes: { id: 'c', metadata: { name: 'kept' }, annotations } }],
  }),
  Status: types.encode('StatusResponse', { status: {}, info: { config: SECRET, kept: SECRET } }),
  ImageStatus: types.encode('ImageStatusResponse', { image: { id: 'sha256:kept' }, info }),
};

const requests: Readonly<Record<string, object>> = {
  PodSandboxStatus: { pod_sandbox_id: 'p', verbose: true },
  ContainerStatus: { container_id: 'c', verbose: true },
  Status: { verbose: true },
  ImageStatus: { image: { image: 'x' }, verbose: true },
};

const text = (value: unknown) => JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each));

for (const method of Object.keys(rows)) {
  test(`${method} is without env, applied manifests and verbose info`, async t => {
    const primary = fakeRuntime('', { answers: { ...rows } });
    const socket = startSocket([primary], { redact: true });
    t.teardown(() => socket.stop());
    const [whole, redacted] = [
      await socket.node.ask(method, requests[method]),
      await socket.ask(method, requests[method]),
    ];
    t.match(text(whole), SECRET, 'the node has it');
    t.notMatch(text(redacted), SECRET);
    t.match(text(redacted), /<redacted>/);
    t.match(text(redacted), /kept|"id":"c"/, 'and the rest');
  });
}

test('events too', async t => {
  const primary = fakeRuntime('', { answers: { ...rows, GetContainerEvents: () => events } });
  const socket = startSocket([primary], { redact: true });
  t.teardown(() => socket.stop());
  const seen = await socket.ask('GetContainerEvents');
  t.match(event.toString('latin1'), SECRET, 'the runtime has sent it');
  t.notMatch(text(seen), SECRET);
  t.match(text(seen), /kept.*<redacted>/);
});

test('a field that is not known may hold anything, and is left out', async t => {
  const list = Buffer.concat([rows.ListPodSandbox, len(1, Buffer.concat([len(1, 'q'), len(99, SECRET)]))]);
  const primary = fakeRuntime('', { answers: { ...rows, ListPodSandbox: list } });
  const socket = startSocket([primary], { redact: true });
  t.teardown(() => socket.stop());
  t.strictSame(
    (await socket.ask('ListPodSandbox'))[0]!['items'].map((item: { id: string }) => item.id),
    ['p', 'q'],
  );
  t.notMatch(text(await socket.ask('ListPodSandbox')), SECRET);
});

test('a streaming URL keeps its token, without which it is of no use', async t => {
  const url = `http://127.0.0.1:1/exec/${SECRET}`;
  const primary = fakeRuntime('', { answers: { Exec: types.encode('ExecResponse', { url }) } });
  const socket = startSocket([primary], { redact: true });
  t.teardown(() => socket.stop());
  t.strictSame(await socket.ask('Exec', { container_id: 'c' }), [{ url }]);
});

test('an answer that is no message is Internal, and not passed on', async t => {
  const primary = fakeRuntime('', { answers: { ContainerStats: Buffer.from('0aff', 'hex') } });
  const socket = startSocket([primary], { redact: true });
  t.teardown(() => socket.stop());
  t.equal(await socket.code('ContainerStats', { container_id: 'c' }), 13);
});
