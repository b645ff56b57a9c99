import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'tap';
import { connect } from '../support/cri-client.ts';
import { runProxy, startProxy } from '../support/proxy.ts';
import { makeFolder, startDaemon } from './daemon.ts';

const DEADLINE = { deadline: 20_000 };

test('the socket is 0660', async t => {
  const { proxy } = await startDaemon(t);
  const { mode } = statSync(proxy.socketPath);
  t.equal((mode & 0o777).toString(8), '660');
});

test('a stale socket file is replaced', async t => {
  const { proxy, client } = await startDaemon(t);
  t.equal(await proxy.stop('SIGKILL'), null);
  t.ok(existsSync(proxy.socketPath), 'it is left behind');
  await proxy.start();
  t.match(await client.call('Version', {}, DEADLINE), { runtime_name: 'fake' });
});

test('a socket that is in use is left alone, and its user with it', async t => {
  const { proxy, client, runtime } = await startDaemon(t);
  const flags = ['-connect', runtime.socketPath, '-listen', proxy.socketPath, '-stateDir='];
  const { code, stderr } = await runProxy(flags);
  t.equal(code, 2);
  const [line] = stderr.split('\n').filter(text => text.startsWith('criproxy: flag'));
  for (const text of ['-listen', proxy.socketPath, 'already in use']) t.ok(line?.includes(text), `${text} in: ${line}`);
  t.match(await client.call('Version', {}, DEADLINE), { runtime_name: 'fake' }, 'the first one still serves');
});

test('a socket of another program is in use too', async t => {
  const path = join(makeFolder(t), 'other.sock');
  const other = createServer().listen(path);
  t.teardown(() => other.close());
  await new Promise(resolve => other.once('listening', resolve));
  const { code, stderr } = await runProxy(['-listen', path, '-stateDir=']);
  t.equal(code, 2);
  t.match(stderr, /already in use/);
  t.ok(other.listening && existsSync(path));
});

test('a file that is not a socket is left alone', async t => {
  const path = join(makeFolder(t), 'precious');
  writeFileSync(path, 'data');
  const { code, stderr } = await runProxy(['-listen', path, '-stateDir=']);
  t.equal(code, 2);
  t.match(stderr, /not a socket; move it away/);
  t.equal(statSync(path).size, 4);
});

test('the daemon starts without any runtime, and logs the socket of each', async t => {
  const dir = makeFolder(t);
  const [a, b] = [join(dir, 'a.sock'), join(dir, 'b.sock')];
  const proxy = await startProxy({ connect: `${a},alt:${b}` });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const outcome = await client.ask('StopPodSandbox', { pod_sandbox_id: 'alt__p1' }, DEADLINE);
  t.equal(outcome.code, 14);
  t.match(outcome.details, 'runtime alt');
  t.match(outcome.details, b);
  t.match(proxy.log(), `the primary runtime is down: there is no socket at ${a}`);
  t.match(proxy.log(), `runtime alt is not seen yet: there is no socket at ${b}`);
});
