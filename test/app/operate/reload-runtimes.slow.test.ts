import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { askAdmin } from '../../../src/admin/admin-client.ts';
import { nameOfSocket } from '../../../src/app/generation/snapshot-names.ts';
import { realSocket } from '../../../src/transport/sockets/same-socket.ts';
import { waitFor } from '../../support/child.ts';
import { answerWith } from '../../support/fake-runtime.ts';
import { at, listPods, setScene } from './reload-daemon.ts';

test('a runtime is added', async t => {
  const { daemon, runtimes } = await setScene(t);
  await daemon.client.call('UpdateRuntimeConfig', { runtime_config: { network_config: { pod_cidr: '10.1.0.0/16' } } });
  t.strictSame(await listPods(daemon.client), ['alt__pod-alt', 'pod-main']);
  const greetings = runtimes.main.asked('Version').length;
  daemon.write({ runtimes: [at('', runtimes.main), at('alt', runtimes.alt), at('new', runtimes.other)] });
  const log = await daemon.hangUp(/reload: /);
  t.match(log, `reload: runtime new at ${runtimes.other.socketPath} is added`);
  t.strictSame(await listPods(daemon.client), ['alt__pod-alt', 'new__pod-other', 'pod-main']);
  t.equal(runtimes.main.asked('Version').length, greetings, 'the connections of the others are as they were');
  await waitFor('the runtime to hear of the pod CIDR', () => runtimes.other.asked('UpdateRuntimeConfig')[0]);
  t.equal(runtimes.other.asked('UpdateRuntimeConfig').length, 1);
  const { status } = await daemon.client.call('Status');
  const types = (status['conditions'] as { type: string }[]).map(({ type }) => type);
  t.ok(types.includes('criproxy.new/Ready'), types.join(' '));
});

test('a runtime is removed, with a warning of its pods, and put back while it is down', async t => {
  const { daemon, runtimes } = await setScene(t);
  t.strictSame(await listPods(daemon.client), ['alt__pod-alt', 'pod-main'], 'known before it goes');
  const files = join(daemon.dir, 'state', `${nameOfSocket(realSocket(runtimes.alt.socketPath))}.snapshot`);
  await waitFor('the snapshot to be written', () => existsSync(files) || undefined);
  daemon.write({ runtimes: [at('', runtimes.main)] });
  const log = await daemon.hangUp(/no longer listed/);
  t.match(log, `reload: runtime alt at ${runtimes.alt.socketPath} is removed`);
  t.match(log, /W.* the pods of runtime alt \(1\) are no longer listed/);
  t.strictSame(await listPods(daemon.client), ['pod-main']);
  await waitFor('its snapshot to be removed', () => !existsSync(files) || undefined);
  const { code } = await daemon.client.ask('PodSandboxStatus', { pod_sandbox_id: 'alt__pod-alt' });
  t.not(code, 14, 'nobody says that it is only down');

  await runtimes.alt.stop();
  t.notMatch(daemon.log(), /runtime alt is down/, 'nobody misses it');
  daemon.write({ runtimes: [at('', runtimes.main), at('alt', runtimes.alt)] });
  await daemon.hangUp(/is added/);
  t.strictSame(await listPods(daemon.client), ['pod-main'], 'what was there once is not listed again');
  await runtimes.alt.start();
  await waitFor('it to be up', () => /runtime alt is up/.test(daemon.log().split('is added')[1]!) || undefined);
  t.strictSame(await listPods(daemon.client), ['alt__pod-alt', 'pod-main']);
});

for (const id of ['', 'alt']) {
  test(`the socket of ${id || 'the primary'} changes to one that is not there yet: its snapshot stands in`, async t => {
    const { daemon, runtimes } = await setScene(t);
    const { main, alt, other } = runtimes;
    await listPods(daemon.client);
    await other.stop();
    daemon.write({ runtimes: [at('', id === '' ? other : main), at('alt', id === 'alt' ? other : alt)] });
    const log = await daemon.hangUp(/reload: /);
    t.match(log, `socket: ${(id === '' ? main : alt).socketPath}, now ${other.socketPath}`);
    t.strictSame(await listPods(daemon.client), ['alt__pod-alt', 'pod-main']);
    await other.start();
    const prefix = id === '' ? '' : 'alt__';
    const rest = id === '' ? 'alt__pod-alt' : 'pod-main';
    await waitFor('the new one to answer', async () =>
      (await listPods(daemon.client)).includes(`${prefix}pod-other`) ? true : undefined,
    );
    t.strictSame(await listPods(daemon.client), [rest, `${prefix}pod-other`].sort());
  });
}

test('a runtime has another id: its pods keep the ids that the kubelet knows', async t => {
  const { daemon, runtimes } = await setScene(t);
  await listPods(daemon.client);
  await runtimes.alt.stop();
  daemon.write({ runtimes: [at('', runtimes.main), at('renamed', runtimes.alt)] });
  const log = await daemon.hangUp(/reload: /);
  t.notMatch(log, /no longer listed/);
  t.strictSame(await listPods(daemon.client), ['alt__pod-alt', 'pod-main']);
});

for (const [ids, pods] of [
  ['prefixed', ['pod-main', 'alt__pod-alt']],
  ['raw', ['pod-main', 'pod-alt']],
] as const) {
  test(`the primary and another runtime, that are down, change places, with ids ${ids}`, async t => {
    const { daemon, runtimes } = await setScene(t, { ids });
    await listPods(daemon.client);
    await Promise.all([runtimes.main.stop(), runtimes.alt.stop()]);
    daemon.write({ runtimes: [at('', runtimes.alt), at('alt', runtimes.main)], ids });
    const report = (await askAdmin(daemon.adminSocket, 'POST', '/v1/reload')) as { warnings: string[] };
    t.strictSame(report.warnings, []);
    t.strictSame(await listPods(daemon.client), [...pods].sort(), 'each pod keeps its id');
    const { code, details } = await daemon.client.ask('StopPodSandbox', { pod_sandbox_id: pods[0] });
    t.equal(code, 14, details);
  });
}

test('calls in flight to a runtime that is removed, and one whose socket changes, come to their end', async t => {
  for (const runtimesNow of ['removed', 'changed'] as const) {
    const { daemon, runtimes } = await setScene(t);
    const finish = Promise.withResolvers<Buffer>();
    runtimes.alt.answers['StopPodSandbox'] = () => finish.promise;
    const call = daemon.client.ask('StopPodSandbox', { pod_sandbox_id: 'alt__pod-alt' });
    await waitFor('the call to arrive', () => runtimes.alt.asked('StopPodSandbox')[0]);
    const now = runtimesNow === 'removed' ? [] : [at('alt', runtimes.other)];
    daemon.write({ runtimes: [at('', runtimes.main), ...now] });
    await daemon.hangUp(/reload: /);
    finish.resolve(Buffer.alloc(0));
    t.equal((await call).code, 0, runtimesNow);
  }
});

test('a stream of events ends when a runtime is added, and the next one brings its events', async t => {
  const { daemon, runtimes } = await setScene(t);
  const { main, alt, other } = runtimes;
  for (const runtime of [main, alt]) runtime.answers['GetContainerEvents'] = 'hang';
  const fresh = answerWith({ container_id: 'c9', container_event_type: 1 });
  other.answers['GetContainerEvents'] = async function* (request: Buffer, call: Parameters<typeof fresh>[1]) {
    yield await fresh(request, call);
    await new Promise(() => {});
  } as never;
  const events = daemon.client.stream('GetContainerEvents');
  await waitFor('the stream to be open', () => alt.asked('GetContainerEvents')[0]);
  daemon.write({ runtimes: [at('', main), at('alt', alt), at('new', other)] });
  await daemon.hangUp(/is added/);
  t.match(await events.outcome, { code: 14, details: /has other runtimes now/ });
  const next = daemon.client.stream('GetContainerEvents');
  const { value } = await next[Symbol.asyncIterator]().next();
  t.equal(value['container_id'], 'new__c9');
  next.cancel();
  t.equal(main.asked('GetContainerEvents').length, 1, 'the others were not disturbed');
});
