import { existsSync } from 'node:fs';
import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { startDaemon } from './daemon.ts';

const DEADLINE = { deadline: 20_000 };

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: a call in flight is finished, and the exit status is 0`, async t => {
    const { runtime, proxy, client } = await startDaemon(t);
    const finish = Promise.withResolvers<Buffer>();
    runtime.answers['StopContainer'] = () => finish.promise;
    const call = client.call('StopContainer', { container_id: 'c1' }, DEADLINE);
    await waitFor('the call to arrive', () => runtime.asked('StopContainer')[0]);
    const ended = proxy.stop(signal);
    await waitFor('the proxy to hear of it', () => proxy.log().includes(`${signal}: finishing`) || undefined);
    finish.resolve(Buffer.alloc(0));
    t.strictSame(await call, {}, 'answered');
    t.equal(await ended, 0);
    t.match(proxy.log(), /\] stopped\n$/);
    t.notOk(existsSync(proxy.socketPath), 'the socket is gone');
  });

  test(`${signal}: a client that only listens does not hold it up`, async t => {
    const { runtime, proxy, client } = await startDaemon(t);
    runtime.answers['GetContainerEvents'] = 'hang';
    const events = client.stream('GetContainerEvents');
    await waitFor('the stream to be open', () => runtime.asked('GetContainerEvents')[0]);
    const begin = performance.now();
    t.equal(await proxy.stop(signal), 0);
    t.ok(performance.now() - begin < 10_000, 'long before calls in flight would be given up');
    t.not((await events.outcome).code, 0, 'the stream is not said to be complete');
  });
}

test('a second signal ends it at once', async t => {
  const { runtime, proxy, client } = await startDaemon(t);
  runtime.answers['StopContainer'] = 'hang';
  const call = client.ask('StopContainer', { container_id: 'c1' }, DEADLINE);
  await waitFor('the call to arrive', () => runtime.asked('StopContainer')[0]);
  void proxy.stop('SIGTERM');
  await waitFor('the proxy to hear of it', () => proxy.log().includes('SIGTERM: finishing') || undefined);
  t.equal(await proxy.stop('SIGTERM'), null, 'ended by the signal');
  t.equal((await call).code, 14);
});

test('SIGTERM: new calls are not taken while the old ones are finished', async t => {
  const { runtime, proxy, client } = await startDaemon(t);
  const finish = Promise.withResolvers<Buffer>();
  runtime.answers['StopContainer'] = () => finish.promise;
  const call = client.call('StopContainer', { container_id: 'c1' }, DEADLINE);
  await waitFor('the call to arrive', () => runtime.asked('StopContainer')[0]);
  const ended = proxy.stop('SIGTERM');
  await waitFor('the proxy to hear of it', () => proxy.log().includes('SIGTERM: finishing') || undefined);
  t.equal((await client.ask('Version')).code, 14);
  finish.resolve(Buffer.alloc(0));
  await call;
  t.equal(await ended, 0);
});

test('SIGUSR1 neither ends it nor opens a debugger’s port', async t => {
  const { proxy, client } = await startDaemon(t);
  const pid = Number(/starts, pid (\d+)/.exec(proxy.log())![1]);
  process.kill(pid, 'SIGUSR1');
  t.equal((await client.ask('StopContainer', { container_id: 'c1' }, DEADLINE)).code, 0);
  // SIGTERM came later: when it has been handled, SIGUSR1 has been too.
  t.equal(await proxy.stop('SIGTERM'), 0);
  t.notMatch(proxy.log(), /Debugger/);
});
