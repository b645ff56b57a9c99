import { join } from 'node:path';
import { test } from 'tap';
import { makeFolder, type Teardown } from '../../daemon/daemon.ts';
import { waitFor } from '../../support/child.ts';
import { connect } from '../../support/cri-client.ts';
import { answerWith, startFakeRuntime } from '../../support/fake-runtime.ts';
import { runProxy, startProxy } from '../../support/proxy.ts';

const DEADLINE = { deadline: 20_000 };

/** The program with one runtime, and its admin socket. */
async function setUp(t: Teardown, verbosity: number, ...flags: string[]) {
  const dir = makeFolder(t);
  const answers = {
    StopContainer: Buffer.alloc(0),
    Status: answerWith({ status: { conditions: [{ type: 'RuntimeReady', status: true }] } }),
  };
  const runtime = await startFakeRuntime({ socketPath: join(dir, 'runtime.sock'), answers });
  t.teardown(() => runtime.stop());
  const admin = join(dir, 'admin.sock');
  const proxy = await startProxy({ connect: runtime.socketPath, verbosity, flags: ['-adminSocket', admin, ...flags] });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const logLevel = async (...words: string[]) => {
    const { code, stdout, stderr } = await runProxy(['log-level', '--admin-socket', admin, ...words]);
    return { code, said: stdout + stderr };
  };
  return { admin, proxy, client, logLevel };
}

/** The text of each line, without its header. */
function texts(log: string): string[] {
  return log.split('\n').map(line => line.replace(/^[IWE]\d{4} [^\]]*\] /, ''));
}

test('the level of a running daemon is shown, raised and put back', async t => {
  const { proxy, client, logLevel } = await setUp(t, 0);
  t.strictSame(await logLevel(), { code: 0, said: '0\n' });
  const stop = () => client.call('StopContainer', { container_id: 'c1', timeout: 5 }, DEADLINE);
  await stop();
  const raised = await logLevel('3');
  t.equal(raised.code, 0);
  t.match(raised.said, /^3 until \d\d:\d\d:\d\d, then 0\n$/);
  await stop();
  t.strictSame(await logLevel('0', '--for', '0'), { code: 0, said: '0\n' });
  await stop();
  await waitFor('the log', () => proxy.log().includes('the log level is 0 now') || undefined);
  const lines = texts(proxy.log());
  const at = (text: string) => lines.findIndex(line => line.startsWith(text));
  const request = at('StopContainer request');
  t.ok(at('the log level is 3 until ') < request && request < at('the log level is 0 now'));
  t.equal(lines.filter(line => line.startsWith('StopContainer request')).length, 1, 'the call at level 3 alone');
  t.strictSame(lines.slice(request + 1, request + 3), ['  container_id: c1', '  timeout: 5'], 'as YAML');
});

test('a raised level returns to the old one after its time', async t => {
  const { proxy, logLevel } = await setUp(t, 1);
  t.match((await logLevel('5', '--for', '600ms')).said, /^5 until .*, then 1\n$/);
  await waitFor('the way back', () => proxy.log().includes('the log level is 1 now') || undefined);
  t.strictSame(await logLevel(), { code: 0, said: '1\n' });
});

test('the lines of a call have its id, and no other call has it', async t => {
  const { proxy, client } = await setUp(t, 4, '-logFormat', 'json');
  await client.call('StopContainer', { container_id: 'c1', timeout: 5 }, DEADLINE);
  await client.call('Status', {}, DEADLINE);
  await client.ask('ReopenContainerLog', { container_id: 'nowhere' }, DEADLINE);
  await proxy.stop();
  await waitFor('the log to be read', () => proxy.log().includes('"stopped"') || undefined);
  const lines = proxy
    .log()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { message: string; call?: number; method?: string });
  const callsOf = (method: string) => lines.filter(line => line.method === method).map(line => line.call);
  const [stop, stopped] = callsOf('StopContainer');
  const [status] = callsOf('Status');
  const [reopen, failed] = callsOf('ReopenContainerLog');
  t.ok(stop! > 0);
  t.equal(stopped, stop);
  t.equal(failed, reopen);
  t.equal(new Set([stop, status, reopen]).size, 3);
  t.match(lines.filter(line => line.call === reopen).at(-1)?.message, 'ReopenContainerLog failed: Unimplemented');
});

test('without a daemon the error has the remedy', async t => {
  const socket = join(makeFolder(t), 'admin.sock');
  const { code, stderr } = await runProxy(['log-level', '--admin-socket', socket]);
  t.equal(code, 1);
  t.match(stderr, new RegExp(`^criproxy: .*${socket}.*systemctl status criproxy.*\n$`));
});
