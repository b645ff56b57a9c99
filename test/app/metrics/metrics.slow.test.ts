import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Test, test } from 'tap';
import { waitFor } from '../../support/child.ts';
import { type CriClient, connect } from '../../support/cri-client.ts';
import { criTypes } from '../../support/cri-types.ts';
import { askHttp, type Scrape, scrape } from '../../support/exposition.ts';
import { methodPath } from '../../support/facts.ts';
import { type FakeRuntime, startFakeRuntime } from '../../support/fake-runtime.ts';
import { type ProxyProcess, startProxy } from '../../support/proxy.ts';

const v1 = criTypes('runtime.v1');
const nothing = Buffer.alloc(0);
const MiB = 1024 * 1024;
const LARGE = 13 * MiB;
const DELAY = 150;

interface Lab {
  readonly primary: FakeRuntime;
  readonly alt: FakeRuntime;
  readonly proxy: ProxyProcess;
  readonly client: CriClient;
  readonly admin: string;
  ask(method: string, request?: Buffer): Promise<{ code: number; response: Buffer | undefined }>;
  read(): Promise<Scrape>;
}

const containers = (...ids: string[]) =>
  v1.encode('ListContainersResponse', { containers: ids.map(id => ({ id, pod_sandbox_id: 'p' })) });

async function startLab(t: Test): Promise<Lab> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-metrics-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const lists = { ListPodSandbox: nothing, ListImages: nothing };
  const primary = await startFakeRuntime({
    socketPath: join(dir, 'primary'),
    answers: {
      ...lists,
      ListContainers: containers('a', 'b'),
      ContainerStatus: { code: 5, message: 'not here' },
      ImageStatus: v1.encode('ImageStatusResponse', { info: { large: 'x'.repeat(LARGE) } }),
      GetContainerEvents: 'hang',
    },
  });
  t.teardown(() => primary.stop());
  const alt = await startFakeRuntime({
    socketPath: join(dir, 'alt'),
    answers: {
      ...lists,
      ListContainers: containers('c'),
      GetContainerEvents: 'hang',
      ExecSync: async () => {
        await new Promise(resolve => setTimeout(resolve, DELAY));
        return nothing;
      },
    },
  });
  t.teardown(() => alt.stop());
  const admin = join(dir, 'admin.sock');
  const proxy = await startProxy({
    connect: `${primary.socketPath},alt:${alt.socketPath}`,
    flags: ['-adminSocket', admin, '-enableFaults'],
  });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const read = () => scrape(admin);
  // The lists that the proxy asks for when a runtime comes up must be over, or the counts are a matter of luck.
  await waitFor(
    'the first snapshots',
    async () => (await read()).all('criproxy_snapshot_items').length === 6 || undefined,
  );
  const ask: Lab['ask'] = (method, request = nothing) => client.raw(methodPath(method, 'runtime.v1'), request);
  return { primary, alt, proxy, client, admin, ask, read };
}

async function times(count: number, call: () => Promise<unknown>): Promise<void> {
  for (let each = 0; each < count; each++) await call();
}

const containerRequest = (method: string, container_id: string) => v1.encode(`${method}Request`, { container_id });

test('every metric after a counted sequence of calls', async t => {
  const lab = await startLab(t);
  const { ask, client, read } = lab;
  const before = await read();
  const request = containerRequest('ContainerStatus', 'a');
  const exec = v1.encode('ExecSyncRequest', { container_id: 'alt__c', cmd: ['true'] });
  const run = v1.encode('RunPodSandboxRequest', {
    config: { metadata: { name: 'n' }, annotations: { 'kubernetes.io/target-runtime': 'nobody' } },
  });
  await times(7, () => ask('Version'));
  await times(3, () => ask('ContainerStatus', request));
  await times(5, () => ask('ListContainers'));
  await times(2, () => ask('ExecSync', exec));
  await ask('RunPodSandbox', run);
  await times(2, () => client.raw('/future.v1.Service/Method', nothing));
  const after = await read();

  for (const [method, runtime, code, count] of [
    ['Version', 'primary', 'OK', 7],
    ['ContainerStatus', 'primary', 'NotFound', 3],
    ['ListContainers', 'several', 'OK', 5],
    ['ExecSync', 'alt', 'OK', 2],
    ['RunPodSandbox', 'none', 'InvalidArgument', 1],
    ['other', 'primary', 'Unimplemented', 2],
  ] as const) {
    t.equal(
      after.sum('criproxy_calls_total', { method, runtime, code }),
      count,
      `${count} ${method} ${runtime} ${code}`,
    );
  }
  t.equal(after.sum('criproxy_calls_total'), 20, 'and no others');

  for (const [method, count] of [
    ['Version', 7],
    ['ContainerStatus', 3],
    ['ListContainers', 5],
    ['ExecSync', 2],
    ['RunPodSandbox', 1],
    ['other', 0],
  ] as const) {
    t.equal(after.sum('criproxy_call_duration_seconds_count', { method }), count, `${count} times of ${method}`);
    t.equal(after.sum('criproxy_call_duration_seconds_bucket', { method, le: '+Inf' }), count, `in its last bucket`);
  }
  t.equal(after.sum('criproxy_own_duration_seconds_count'), 18, 'the unary calls of known methods');
  const execTime = after.sum('criproxy_call_duration_seconds_sum', { method: 'ExecSync' });
  t.ok(execTime >= (2 * (DELAY - 2)) / 1000, `the runtime's delay is in the time of the call: ${execTime}`);
  t.equal(after.sum('criproxy_call_duration_seconds_bucket', { method: 'ExecSync', le: '0.1' }), 0, 'none is faster');
  const all = after.sum('criproxy_call_duration_seconds_sum');
  const own = after.sum('criproxy_own_duration_seconds_sum');
  t.ok(own > 0 && own <= all - (2 * (DELAY - 2)) / 1000, `and not in the proxy's own: ${own} of ${all}`);

  const runtimeCalls = (runtime: string, code: string) =>
    after.sum('criproxy_runtime_calls_total', { runtime, code }) -
    before.sum('criproxy_runtime_calls_total', { runtime, code });
  t.equal(runtimeCalls('primary', 'OK'), 12, 'Version and lists of the primary');
  t.equal(runtimeCalls('primary', 'NotFound'), 3);
  t.equal(runtimeCalls('primary', 'Unimplemented'), 2);
  t.equal(runtimeCalls('alt', 'OK'), 7, 'lists and ExecSync of the other');
  const execs = { runtime: 'alt', method: 'ExecSync' };
  t.equal(after.sum('criproxy_runtime_call_duration_seconds_count', execs), 2);
  t.ok(after.sum('criproxy_runtime_call_duration_seconds_sum', execs) >= (2 * (DELAY - 2)) / 1000);
  t.equal(after.sum('criproxy_runtime_call_duration_seconds_count', { runtime: 'primary', method: 'ExecSync' }), 0);

  const sent = 3 * request.length + 2 * exec.length + run.length;
  t.equal(after.sum('criproxy_message_bytes_sum', { direction: 'request' }), sent, 'bytes of requests');
  t.equal(after.sum('criproxy_message_bytes_count', { direction: 'request' }), 20, 'requests');
  const version = (await ask('Version')).response!.length;
  const list = (await ask('ListContainers')).response!.length;
  t.equal(after.sum('criproxy_message_bytes_sum', { direction: 'response' }), 7 * version + 5 * list, 'of responses');
  t.equal(after.sum('criproxy_message_bytes_count', { direction: 'response' }), 14, 'responses');
  t.equal(after.sum('criproxy_message_max_bytes', { method: 'Version', direction: 'response' }), version);
  t.equal(after.sum('criproxy_message_max_bytes', { method: 'ExecSync', direction: 'request' }), exec.length);
  t.equal(after.sum('criproxy_client_connections'), 1);
  t.equal(after.sum('criproxy_calls_open'), 0);
});

test('streams, large messages and faults', async t => {
  const { client, read, ask, proxy, admin } = await startLab(t);
  const events = client.stream('GetContainerEvents');
  await waitFor('the stream to be open', async () => (await read()).sum('criproxy_streams_open') === 1 || undefined);
  t.equal((await read()).sum('criproxy_calls_open'), 1);
  events.cancel();
  await waitFor('the stream to be over', async () => (await read()).sum('criproxy_streams_open') === 0 || undefined);
  const ended = await read();
  t.equal(ended.sum('criproxy_calls_total', { method: 'GetContainerEvents', code: 'Cancelled' }), 1);
  t.equal(ended.sum('criproxy_call_duration_seconds_count'), 0, 'how long a client listens is no latency');

  const image = v1.encode('ImageStatusRequest', { image: { image: 'sha256:' + 'a'.repeat(64) } });
  const { response } = await ask('ImageStatus', image);
  await ask('ImageStatus', image);
  const large = await read();
  const labels = { method: 'ImageStatus', direction: 'response' };
  t.equal(large.sum('criproxy_large_messages_total', labels), 2);
  t.equal(large.sum('criproxy_message_max_bytes', labels), response!.length);
  t.equal(proxy.log().split('a response of ImageStatus has 13.0 MiB').length, 2, 'said once');

  await askHttp({ socketPath: admin }, '/v1/faults', 'POST', { method: 'ExecSync', error: 'Unavailable', times: 2 });
  const exec = v1.encode('ExecSyncRequest', { container_id: 'alt__c', cmd: ['true'] });
  for (const code of [14, 14, 0]) t.equal((await ask('ExecSync', exec)).code, code);
  const faulty = await read();
  t.equal(faulty.sum('criproxy_faults_injected_total'), 2);
  t.equal(faulty.sum('criproxy_calls_total', { method: 'ExecSync', runtime: 'alt', code: 'Unavailable' }), 2);
  t.equal(faulty.sum('criproxy_trace_lines_lost_total'), 0);
});

test('a runtime that goes and comes back, and its snapshots', async t => {
  const { alt, read, ask, proxy } = await startLab(t);
  const list = 'ListContainers';
  const of = { runtime: 'alt', list };
  const before = await read();
  t.equal(before.sum('criproxy_runtime_up'), 2);
  t.equal(before.sum('criproxy_snapshot_items', of), 1);
  t.equal(before.sum('criproxy_snapshot_items', { runtime: 'primary', list }), 2);
  t.equal(before.sum('criproxy_runtime_info', { runtime: 'alt', name: 'fake', version: '1.2.3' }), 1);
  t.equal(before.sum('criproxy_snapshot_in_use'), 0);

  await alt.stop();
  const down = async () => (await read()).sum('criproxy_runtime_up', { runtime: 'alt' }) === 0 || undefined;
  await waitFor('the runtime to be down', down);
  await times(3, () => ask(list));
  const lost = await waitFor('the uses to be counted', async () => {
    const now = await read();
    return now.sum('criproxy_snapshot_uses_total', of) >= 3 ? now : undefined;
  });
  t.equal(lost.sum('criproxy_runtime_up', { runtime: 'primary' }), 1, 'the other is up');
  t.equal(lost.sum('criproxy_runtime_state_changes_total', { runtime: 'alt', to: 'down' }), 1);
  t.equal(lost.sum('criproxy_snapshot_uses_total', of), 3);
  t.equal(lost.sum('criproxy_snapshot_uses_total'), 3, 'and no other list');
  t.equal(lost.sum('criproxy_snapshot_in_use', of), 1);
  t.ok(lost.sum('criproxy_snapshot_age_seconds', of) >= 0.3, 'its age');
  const since = lost.sum('criproxy_runtime_state_since_timestamp_seconds', { runtime: 'alt' });
  t.ok(Math.abs(Date.now() / 1000 - since) < 300, 'since when');
  t.equal(lost.sum('criproxy_calls_total', { method: list, code: 'OK' }), 3, 'no list has failed');

  await alt.start();
  const up = async () => (await read()).sum('criproxy_runtime_up', { runtime: 'alt' }) === 1 || undefined;
  await waitFor('the runtime to be up', up);
  await ask(list);
  const back = await read();
  t.equal(back.sum('criproxy_runtime_state_changes_total', { runtime: 'alt', to: 'up' }), 2);
  t.equal(back.sum('criproxy_snapshot_uses_total', of), 3);
  t.equal(back.sum('criproxy_snapshot_in_use', of), 0);

  t.equal(back.sum('criproxy_snapshot_write_failures_total'), 0);
  const state = join(dirname(proxy.socketPath), 'state');
  await waitFor('the snapshots to be on the disk', () => existsSync(state) || undefined);
  renameSync(state, `${state}.away`);
  writeFileSync(state, 'no folder');
  alt.answers['ListContainers'] = containers('c', 'd');
  await ask(list);
  const failed = async () => (await read()).sum('criproxy_snapshot_write_failures_total') > 0 || undefined;
  await waitFor('a write to fail', failed);
  t.equal((await read()).sum('criproxy_snapshot_items', of), 2, 'the snapshot itself is kept');
});

test('scrapes under load', async t => {
  const { ask, read } = await startLab(t);
  let going = true;
  const load = Array.from({ length: 8 }, async () => {
    let calls = 0;
    for (; going; calls++) await ask('Version');
    return calls;
  });
  let last = 0;
  for (let each = 0; each < 3; each++) {
    const found = (await read()).sum('criproxy_calls_total', { method: 'Version', code: 'OK' });
    t.ok(found >= last, `${found} calls, after ${last}`);
    last = found;
  }
  going = false;
  const made = (await Promise.all(load)).reduce((sum, calls) => sum + calls, 0);
  const end = await read();
  t.equal(end.sum('criproxy_calls_total', { method: 'Version' }), made, `all ${made} calls are counted`);
  t.equal(end.sum('criproxy_call_duration_seconds_count', { method: 'Version' }), made);
  for (const type of end.types.values()) t.ok(['counter', 'gauge', 'histogram'].includes(type), type);
});

test('the process itself', async t => {
  const { read, ask } = await startLab(t);
  const found = await read();
  t.equal(found.all('criproxy_build_info')[0]!.labels['node'], process.version);
  for (const [name, least, most] of [
    ['process_cpu_seconds_total', 0.01, 60],
    ['process_resident_memory_bytes', 20 * MiB, 500 * MiB],
    ['process_start_time_seconds', Date.now() / 1000 - 60, Date.now() / 1000],
    ['process_open_fds', 5, 1000],
    ['process_max_fds', 100, 1e12],
    ['nodejs_heap_size_used_bytes', MiB, 500 * MiB],
    ['nodejs_heap_size_total_bytes', MiB, 500 * MiB],
    ['nodejs_external_memory_bytes', 1000, 500 * MiB],
  ] as const) {
    const value = found.sum(name);
    t.ok(value >= least && value <= most, `${name} is ${value}`);
  }
  // The event loop is measured while clients call.
  const lag = async () => {
    await ask('Version');
    return (await read()).all('criproxy_event_loop_lag_seconds').length === 3 ? true : undefined;
  };
  t.ok(await waitFor('the event loop to have been measured', lag));
});
