import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tap, { type Test, test } from 'tap';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import { criTypes, type Message } from '../support/cri-types.ts';
import { type FakeRuntime, startFakeRuntime } from '../support/fake-runtime.ts';
import { modelRows } from '../support/fakes/model-rows.ts';
import { PodModel } from '../support/fakes/pod-model.ts';
import { type ProxyProcess, startProxy } from '../support/proxy.ts';
import { TEST_LIMIT } from '../support/require.ts';
import { containerConfig, itemsOf, podConfig } from './support/routed.ts';

tap.jobs = 3;
tap.setTimeout(TEST_LIMIT);

const UNAVAILABLE = 14;
const NOT_FOUND = 5;
const PATIENCE = { deadline: 60_000 };
const types = criTypes('runtime.v1');

interface Lab {
  readonly runtimes: readonly [FakeRuntime, FakeRuntime];
  readonly proxy: ProxyProcess;
  readonly client: CriClient;
  readonly pods: readonly [string, string];
  readonly containers: readonly [string, string];
}

/** Two runtimes with a pod and a container each, and a proxy in front of them as a process of its own. */
async function startLab(t: Test): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-calls-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const start = async (name: string) => {
    const runtime = await startFakeRuntime({ socketPath: join(folder, name), answers: modelRows(new PodModel(name)) });
    t.teardown(() => runtime.stop());
    return runtime;
  };
  const runtimes = [await start('primary'), await start('alt')] as const;
  const proxy = await startProxy({ connect: `${runtimes[0].socketPath},alt:${runtimes[1].socketPath}`, verbosity: 1 });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const pods: string[] = [];
  const containers: string[] = [];
  for (const alt of [false, true]) {
    const { pod_sandbox_id: pod } = await client.call('RunPodSandbox', podConfig(alt ? 'web-alt' : 'web', alt));
    const { container_id } = await client.call('CreateContainer', containerConfig(pod, 'main'));
    pods.push(pod);
    containers.push(container_id);
  }
  return { runtimes, proxy, client, pods: pods as [string, string], containers: containers as [string, string] };
}

const idsOf = (items: readonly Message[]) => items.map(item => item['id']).sort();

async function streamed(client: CriClient, method: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const message of client.stream(method, {}, PATIENCE)) ids.push(...idsOf(itemsOf(message)));
  return ids.sort();
}

test('streamed lists over a runtime that hangs: its part is the snapshot, and its streams are let go of', {
  buffered: true,
}, async t => {
  const { client, runtimes, containers } = await startLab(t);
  const [primary, alt] = runtimes;
  const item = (id: string, more: Message = {}) => ({ id, state: 'CONTAINER_CREATED', ...more });
  primary.answers['StreamContainers'] = [
    types.encode('StreamContainersResponse', { containers: [item(containers[0])] }),
  ];
  alt.answers['StreamContainers'] = 'hang';
  await client.call('ListContainers');
  for (let time = 0; time < 3; time++) t.same(await streamed(client, 'StreamContainers'), [...containers].sort());
  const asked = alt.asked('StreamContainers');
  // A list is not asked for if it comes before the runtime has answered the question that a late stream leaves.
  t.ok(asked.length >= 1 && asked.length <= 3, `${asked.length} streams are asked for`);
  await Promise.all(asked.map(entry => entry.cancelled));
  t.pass('all of them are cancelled at the runtime');
});

test('a stream that breaks in the middle: the rest comes from the snapshot, nothing twice', {
  buffered: true,
}, async t => {
  const { client, runtimes, pods } = await startLab(t);
  const [primary, alt] = runtimes;
  const more: string[] = [];
  for (let index = 0; index < 9; index++)
    more.push((await client.call('RunPodSandbox', podConfig(`more-${index}`, true)))['pod_sandbox_id']);
  const own = more.map(id => id.slice('alt__'.length));
  const part = (...ids: string[]) =>
    types.encode('StreamPodSandboxesResponse', { pod_sandboxes: ids.map(id => ({ id })) });
  primary.answers['StreamPodSandboxes'] = [part(pods[0])];
  alt.answers['StreamPodSandboxes'] = async function* () {
    yield part(own[0]!, own[1]!);
    yield part(own[2]!);
    throw { code: UNAVAILABLE, message: 'broke' };
  };
  t.same(await streamed(client, 'StreamPodSandboxes'), [...pods, ...more].sort());
});

test('a client that does not read events loses its stream, and another hears all of them', {
  buffered: true,
}, async t => {
  const { client, runtimes, pods } = await startLab(t);
  const [primary, alt] = runtimes;
  alt.answers['GetContainerEvents'] = 'hang';
  const status = { id: pods[0], annotations: { padding: 'x'.repeat(50_000) } };
  const event = types.encode('ContainerEventResponse', { container_id: pods[0], pod_sandbox_status: status });
  let isHeard = Promise.withResolvers<void>();
  primary.answers['GetContainerEvents'] = async function* () {
    for (;;) {
      await isHeard.promise;
      isHeard = Promise.withResolvers();
      yield event;
    }
  };
  const [slow, quick] = [client.stream('GetContainerEvents'), client.stream('GetContainerEvents')];
  const [reader, heard] = [slow[Symbol.asyncIterator](), quick[Symbol.asyncIterator]()];
  const first = [reader.next(), heard.next()];
  await waitFor('the subscription', () => primary.asked('GetContainerEvents')[0]);
  // An event that comes before the second subscription is for the first client alone.
  let areHeard = false;
  const both = Promise.all(first).then(() => {
    areHeard = true;
  });
  const release = () => {
    isHeard.resolve();
    return areHeard || undefined;
  };
  await waitFor('an event for both', release, { pause: 5 });
  await both;
  for (let count = 1; count < 1_000; count++) {
    isHeard.resolve();
    if ((await heard.next()).done) t.fail(`the quick one ended after ${count}`);
  }
  const rest = async (events: AsyncIterator<Message>) => {
    while (!(await events.next()).done);
  };
  await t.rejects(rest(reader), { code: 8 }, 'ResourceExhausted');
  t.equal(primary.asked('GetContainerEvents').length, 1);
  const end = rest(heard).catch(fault => fault.code);
  quick.cancel();
  t.equal(await end, 1);
});

test('200 times subscribed and cancelled: one subscription stays open at each runtime', {
  buffered: true,
}, async t => {
  const { client, runtimes } = await startLab(t);
  for (const runtime of runtimes) runtime.answers['GetContainerEvents'] = 'hang';
  for (let time = 0; time < 200; time++) {
    const stream = client.stream('GetContainerEvents');
    if (time === 0) {
      const isOpen = () => runtimes.every(runtime => runtime.asked('GetContainerEvents').length === 1) || undefined;
      await waitFor('it to arrive', isOpen, { pause: 1 });
    }
    stream.cancel();
    await stream.outcome;
  }
  for (const runtime of runtimes) t.equal(runtime.asked('GetContainerEvents').length, 1);
});

test('calls for one object: Unavailable from a runtime that is down, NotFound from one that has answered', {
  buffered: true,
}, async t => {
  const { client, runtimes, pods, containers } = await startLab(t);
  const code = async (method: string, request: Message) => (await client.ask(method, request, PATIENCE)).code;
  t.equal(await code('ContainerStatus', { container_id: 'alt__nothing' }), NOT_FOUND);
  t.equal(await code('ContainerStatus', { container_id: 'nothing' }), NOT_FOUND);
  await Promise.all(runtimes.map(runtime => runtime.stop()));
  for (const prefix of ['', 'alt__']) {
    const at = prefix === '' ? 0 : 1;
    const calls: [string, Message][] = [
      ['ContainerStatus', { container_id: containers[at] }],
      ['ContainerStatus', { container_id: `${prefix}nothing` }],
      ['PodSandboxStatus', { pod_sandbox_id: pods[at] }],
      ['StopPodSandbox', { pod_sandbox_id: pods[at] }],
    ];
    const codes = await Promise.all(calls.map(([method, request]) => code(method, request)));
    t.same(
      codes,
      calls.map(() => UNAVAILABLE),
      prefix === '' ? 'the primary' : 'the secondary',
    );
  }
});

test('the primary down: Status and stats are Unavailable, Version is its last greeting, lists come from the snapshot', {
  buffered: true,
}, async t => {
  const { client, proxy, runtimes, containers } = await startLab(t);
  await client.call('ListContainers');
  await runtimes[0].stop();
  await waitFor('the loss', () => /the primary runtime is down/.test(proxy.log()) || undefined);
  const [version, status, list, stats] = await Promise.all([
    client.ask('Version', {}, PATIENCE),
    client.ask('Status', {}, PATIENCE),
    client.call('ListContainers', {}, PATIENCE),
    client.ask('ListContainerStats', {}, PATIENCE),
  ]);
  t.same([version.code, status.code, stats.code], [0, UNAVAILABLE, UNAVAILABLE]);
  t.same(idsOf(itemsOf(list)), [...containers].sort());
});

test('UpdateRuntimeConfig is sent again to each runtime that comes back', { buffered: true }, async t => {
  const { client, proxy, runtimes } = await startLab(t);
  const config = { runtime_config: { network_config: { pod_cidr: '10.2.0.0/24' } } };
  await client.call('UpdateRuntimeConfig', config);
  for (const [index, runtime] of runtimes.entries()) {
    t.equal(runtime.asked('UpdateRuntimeConfig').length, 1);
    await runtime.stop();
    await waitFor('the loss', () => proxy.log().match(/ is down/g)?.length === index + 1 || undefined);
    await runtime.start();
    const [, again] = await waitFor('the replay', () => {
      const calls = runtime.asked('UpdateRuntimeConfig');
      return calls.length > 1 ? calls : undefined;
    });
    t.match(types.decode('UpdateRuntimeConfigRequest', again!.request), config);
  }
});
