import { join } from 'node:path';
import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { scrape } from '../support/exposition.ts';
import { makeFolder, startDaemon, type Teardown } from './daemon.ts';

const DEADLINE = { deadline: 20_000 };
const stop = { container_id: 'c1' };
const preload = new URL('fault-hook.ts', import.meta.url);

/** A daemon with the hook, its client, another client, and the count of the faults by what they have ended. */
async function start(t: Teardown, env: Record<string, string> = {}) {
  const admin = join(makeFolder(t), 'admin.sock');
  const daemon = await startDaemon(t, { preload, env, flags: ['-adminSocket', admin] });
  const other = connect(daemon.proxy.socketPath);
  t.teardown(() => other.close());
  const faults = async () => {
    const samples = (await scrape(admin)).all('criproxy_own_faults_total');
    return Object.fromEntries(samples.map(({ labels, value }) => [labels['ended'], value]));
  };
  return { ...daemon, other, faults };
}

const reports = (log: string) => log.match(/^E.*a fault of criproxy.*$/gm) ?? [];

test('a fault in the connection of a client costs this connection alone', async t => {
  const { proxy, client, other, runtime, faults } = await start(t);
  t.same(await faults(), { client_connection: 0, runtime_connection: 0, call: 0 });
  runtime.answers['StopContainer'] = 'hang';
  const hanging = client.ask('StopContainer', stop, DEADLINE);
  const leaving = new AbortController();
  const beside = other.ask('StopContainer', stop, { ...DEADLINE, signal: leaving.signal });
  await waitFor('the calls to arrive', () => runtime.asked('StopContainer')[1]);
  const { code } = await client.ask('Version', {}, { metadata: { 'x-fault': 'client' } });
  // grpc-js makes Internal of the code of GOAWAY, grpc-go makes Unavailable.
  t.equal(code, 13);
  t.equal((await hanging).code, 13, 'the other call of the connection too');
  runtime.answers['StopContainer'] = Buffer.alloc(0);
  t.equal((await client.ask('StopContainer', stop, DEADLINE)).code, 0, 'the client is served on its next connection');
  t.equal((await other.ask('StopContainer', stop, DEADLINE)).code, 0);
  t.same(await faults(), { client_connection: 1, runtime_connection: 0, call: 0 });
  t.equal(reports(proxy.log()).length, 1);
  t.match(
    reports(proxy.log())[0],
    /a fault of criproxy has ended a client connection; please report it, with this stack: TypeError: an injected fault, at .*fault-hook\.ts:\d+:\d+.*, at /,
  );
  leaving.abort();
  t.equal((await beside).code, 1, 'the call of the other client has gone on');
});

test('a fault in the connection to a runtime costs the calls on it, and the next connection serves', async t => {
  const { proxy, client, other, faults } = await start(t);
  const { code, details } = await client.ask('StopContainer', stop, { metadata: { 'x-fault': 'runtime' } });
  t.equal(code, 14);
  t.match(details, 'a fault of criproxy (see its log)');
  t.equal((await client.ask('Version', {}, DEADLINE)).code, 0, 'the connection of the client lives');
  await waitFor('the runtime to be up again', () => proxy.log().split('the primary runtime is up')[2]);
  t.equal((await other.ask('StopContainer', stop, DEADLINE)).code, 0);
  t.same(await faults(), { client_connection: 0, runtime_connection: 1, call: 0 });
  t.match(reports(proxy.log()), [/has ended a runtime connection; please report it, with this stack: TypeError/]);
});

for (const kind of ['exception', 'rejection']) {
  test(`the first uncaught ${kind} ends the process with a line and the status 70`, async t => {
    const { proxy, client } = await start(t, { UNCAUGHT: kind });
    t.equal((await client.ask('StopContainer', stop, DEADLINE)).code, 0);
    t.equal(await proxy.stop('SIGUSR2'), 70);
    t.match(reports(proxy.log()), [
      /a fault of criproxy ends the process; please report it, with this stack: TypeError: an injected fault, at .*fault-hook\.ts/,
    ]);
    await proxy.start();
    t.equal((await client.ask('StopContainer', stop, DEADLINE)).code, 0, 'the next process serves');
  });
}
