import { test } from 'tap';
import { keepItems } from '../../../src/cri/read/ownership.ts';
import { len } from '../../wire/bytes.ts';
import { Source } from '../fakes.ts';
import { SOCKET } from './access-lab.ts';
import { foreign, idsIn, metadata, own, startNamespaces, textOf, types } from './namespace-lab.ts';

/** The calls that find out what is own, and nothing else. */
const asked = ({ primary }: ReturnType<typeof startNamespaces>) =>
  primary.askedFor('ListPodSandbox').length + primary.askedFor('ListContainers').length;

test('the beginning of an id is not ambiguous by a pod of others', async t => {
  const lab = startNamespaces(t, { pods: [{ name: 'welt', namespace: 'team-b' }] });
  for (const [method, request, full] of [
    ['ContainerStatus', { container_id: 'con-we' }, { container_id: 'con-web' }],
    ['PodSandboxStatus', { pod_sandbox_id: 'pod-we' }, { pod_sandbox_id: 'pod-web' }],
  ] as const) {
    t.equal(await lab.code(method, request), 0, method);
    const [sent] = lab.primary.askedFor(method);
    t.match(types.decode(`${method}Request`, sent!.request), full, 'it goes on in full');
  }
});

test('an id that many begin with costs no more lists than one that there is not', async t => {
  const many = Array.from({ length: 30 }, (_, at) => ({ name: `n${at}`, namespace: 'team-a' }));
  const lab = startNamespaces(t, { pods: many });
  const costs: number[] = [];
  for (const container_id of ['con-n', 'none']) {
    const before = asked(lab);
    t.equal(await lab.code('ContainerStatus', { container_id }), 5, container_id);
    costs.push(asked(lab) - before);
  }
  t.equal(costs[0], costs[1]);
  t.ok(costs[0]! <= 3, `${costs[0]} lists`);
});

for (const name of [
  'vault',
  'k8s_vault_vault_kube-system_uid-vault_0',
  'CON-VAULT',
  ' con-vault',
  'con-vault/',
  '%63on-vault',
  '.',
  '*',
]) {
  test(`"${name}" is the name of no container`, async t => {
    const lab = startNamespaces(t);
    t.equal(await lab.code('ContainerStatus', { container_id: name }), 5);
    t.equal(await lab.code('ContainerStats', { container_id: name }), 5);
    t.strictSame([...lab.primary.askedFor('ContainerStatus'), ...lab.primary.askedFor('ContainerStats')], []);
  });
}

test('no filter of a list reaches what is not own', async t => {
  const lab = startNamespaces(t);
  const selector = { 'io.kubernetes.pod.namespace': 'kube-system' };
  for (const method of ['ListPodSandbox', 'ListContainers', 'ListContainerStats', 'ListPodSandboxStats']) {
    for (const filter of [
      { label_selector: selector },
      { id: 'con-vault' },
      { id: 'pod-vault' },
      { id: 'alt__pod-other' },
    ]) {
      t.notMatch(
        textOf(await lab.ask(method, { filter })),
        /vault|other|kube-system|team-b/,
        `${method} ${Object.keys(filter)}`,
      );
    }
  }
});

test('a field beside the items of a list may be of any item, and is left out', async t => {
  const items = types.encode('ListContainersResponse', { containers: [{ id: 'con-web' }, { id: 'con-db' }] });
  t.equal(
    keepItems(items, () => true),
    items,
    'the same Buffer',
  );
  t.strictSame(
    keepItems(Buffer.concat([items, len(7, 'con-vault')]), () => true),
    items,
  );
});

test("a removed pod is no one's, and its stats and metrics neither", async t => {
  const lab = startNamespaces(t);
  const keep = lab.primary.answers['ListPodSandbox'];
  t.equal(await lab.code('ContainerStatus', { container_id: 'con-web' }), 0);
  lab.primary.answers['ListPodSandbox'] = Buffer.alloc(0);
  t.equal(await lab.code('ContainerStatus', { container_id: 'con-web' }), 5);
  for (const method of [
    'ListContainerStats',
    'ListPodSandboxStats',
    'ListPodSandboxMetrics',
    'ListContainers',
    'ListImages',
  ]) {
    t.notMatch(textOf(await lab.ask(method)), /-web/, method);
  }
  lab.primary.answers['ListPodSandbox'] = keep;
  t.match(idsIn(await lab.ask('ListContainers')), ['alt__con-db']);
});

test('a socket has 16 streams of events, and a place is free when a client leaves', async t => {
  const lab = startNamespaces(t);
  lab.primary.answers['GetContainerEvents'] = () => new Source();
  const leaving = Array.from({ length: 16 }, () => lab.follow('GetContainerEvents'));
  for (const each of leaving) await each.begun;
  await t.rejects(lab.ask('GetContainerEvents'), {
    code: 8,
    message: `criproxy: there are 16 event streams on ${SOCKET}, and more are not allowed`,
  });
  t.equal(await lab.code('ListContainers'), 0, 'other calls go on');
  leaving[0]!.leave();
  const again = lab.follow('GetContainerEvents');
  t.equal(await again.begun, undefined);
});

test('rules that change while a message waits for the lists keep it back', async t => {
  const lab = startNamespaces(t);
  const go = Promise.withResolvers<void>();
  const list = lab.primary.answers['ListContainers'] as (bytes: Buffer) => Buffer;
  const begun = Promise.withResolvers<void>();
  lab.primary.answers['ListContainers'] = async (bytes: Buffer) => {
    begun.resolve();
    await go.promise;
    return list(bytes);
  };
  const reading = lab.ask('GetContainerEvents');
  lab.events.push(types.encode('ContainerEventResponse', { container_id: 'con-web', container_event_type: 1 }));
  await begun.promise;
  lab.revoke();
  go.resolve();
  await t.rejects(reading, { code: 14, message: `criproxy: the rules of ${SOCKET} have changed` });
});

test('an event of a foreign pod that names an own container is not shown', async t => {
  const lab = startNamespaces(t);
  const reading = lab.ask('GetContainerEvents');
  lab.events.push(
    types.encode('ContainerEventResponse', {
      container_id: 'pod-vault',
      container_event_type: 1,
      pod_sandbox_status: { id: 'pod-vault', metadata: metadata(foreign) },
      containers_statuses: [{ id: 'con-web', metadata: { name: own.name } }],
    }),
  );
  lab.events.end();
  const seen = await reading.catch(() => []);
  t.strictSame(seen, []);
});
