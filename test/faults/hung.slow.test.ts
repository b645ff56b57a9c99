import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import tap, { test } from 'tap';
import { askAdmin } from '../../src/admin/admin-client.ts';
import type { RuntimeReport, StatusReport } from '../../src/admin/api/status-report.ts';
import { adminSocketOf, startTracedDaemon } from '../cli/trace/trace-command-lab.ts';
import { makeFolder } from '../daemon/daemon.ts';
import { waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { criTypes } from '../support/cri-types.ts';
import { scrape } from '../support/exposition.ts';
import { runProxy, startProxy } from '../support/proxy.ts';
import { TEST_LIMIT } from '../support/require.ts';
import { RuntimeHost } from './support/runtime-host.ts';

tap.setTimeout(TEST_LIMIT);

const types = criTypes('runtime.v1');

/** A call with a deadline that the client itself does not watch, so that the server is the one that ends it. */
async function ask(socketPath: string, method: string, request: Buffer, timeout: string) {
  const session = connectHttp2('http://localhost', { createConnection: () => connectSocket(socketPath) });
  const stream = session.request({
    ':method': 'POST',
    ':path': `/runtime.v1.RuntimeService/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': timeout,
  });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request.length, 1);
  stream.end(Buffer.concat([head, request]));
  const fields: Record<string, unknown> = {};
  for (const event of ['response', 'trailers']) stream.on(event, headers => Object.assign(fields, headers));
  stream.resume();
  await once(stream, 'close');
  session.close();
  return { code: Number(fields['grpc-status']), message: decodeURIComponent(String(fields['grpc-message'] ?? '')) };
}

test('a runtime that is stopped is named in the answer at the deadline, the log, the status and the metrics', async t => {
  const dir = makeFolder(t);
  const [primary, alt] = await Promise.all(['primary', 'alt'].map(name => RuntimeHost.open(dir, name, 1)));
  if (primary === undefined || alt === undefined) throw new Error('two of them');
  t.teardown(() => Promise.all([primary.kill(), alt.kill()]));
  const connects = `${primary.socketPath},alt:${alt.socketPath}`;
  const proxy = await startProxy({ connect: connects, verbosity: 2 });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const admin = adminSocketOf(proxy);
  const status = async () => {
    const { runtimes } = (await askAdmin(admin, 'GET', '/v1/status')) as StatusReport;
    return runtimes.find(({ id }) => id === 'alt') as RuntimeReport;
  };
  await client.call('ListPodSandbox');
  t.match(await status(), { state: 'up', notAnsweringSince: null });
  alt.signal('SIGSTOP');

  const request = types.encode('PodSandboxStatusRequest', { pod_sandbox_id: `alt__${alt.pods[0]}` });
  const { code, message } = await ask(proxy.socketPath, 'PodSandboxStatus', request, '3S');
  t.equal(code, 4, 'DeadlineExceeded');
  const said = /context deadline exceeded: criproxy: runtime alt has not answered PodSandboxStatus for [1-9]\d*\.\d s/;
  t.match(message, said);
  const logged = (line: RegExp) => waitFor(`${line} in the log`, () => line.test(proxy.log()) || undefined);
  await logged(said);

  // No client asks for a list: the proxy's own question shows the silence.
  const silent = await waitFor(
    'the silence',
    async () => {
      const found = await status();
      return found.notAnsweringSince === null ? undefined : found;
    },
    { timeout: 60_000 },
  );
  t.equal(silent.state, 'up');
  await logged(/runtime alt is connected but has answered no call since \d{4}-/);
  const since = (await scrape(admin)).sum('criproxy_runtime_not_answering_since_timestamp_seconds', { runtime: 'alt' });
  t.ok(Math.abs(since - Date.parse(silent.notAnsweringSince!) / 1000) < 0.01, String(since));
  const shown = await runProxy(['status', '--admin-socket', admin]);
  t.match(shown.stdout, /^alt +hangs /m);
  t.equal(shown.code, 3);
  const again = await ask(proxy.socketPath, 'PodSandboxStatus', request, '1S');
  t.match(again.message, /the runtime has answered no call since/);

  alt.signal('SIGCONT');
  await waitFor('an answer', async () => (await status()).notAnsweringSince === null || undefined);
  await logged(/runtime alt answers again/);
});

test('while the primary is stopped, and gone, Version is its last greeting and Status is not', async t => {
  const { proxy, primary, client } = await startTracedDaemon(t);
  await primary.stop();
  await waitFor('the end', () => /primary runtime is down/.test(proxy.log()) || undefined);
  const version = await client.ask('Version', {}, { deadline: 20_000 });
  t.match(version, { code: 0, response: { runtime_name: 'fake' } });
  t.equal((await client.ask('Status', {}, { deadline: 20_000 })).code, 14);
  const { code } = await client.ask('ContainerStatus', { container_id: 'alt__container-db' }, { deadline: 20_000 });
  t.equal(code, 0, 'the other runtime is reached');
});
