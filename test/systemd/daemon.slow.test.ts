import { existsSync } from 'node:fs';
import { createConnection, type NetConnectOpts } from 'node:net';
import { dirname, join } from 'node:path';
import { type Test, test } from 'tap';
import { makeFolder } from '../daemon/daemon.ts';
import { endOf, spawnTied, waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { askHttp } from '../support/exposition.ts';
import { answerWith, type FakeRuntime, startFakeRuntime } from '../support/fake-runtime.ts';
import { freePort } from '../support/free-port.ts';
import { proxyCommand, startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';
import { openNotifySocket } from './notify-socket.ts';

const options = needs('node');
const DEADLINE = { deadline: 20_000 };

async function startRuntime(t: Test, folder: string): Promise<FakeRuntime> {
  const ready = answerWith({ status: { conditions: [{ type: 'RuntimeReady', status: true }] } });
  const runtime = await startFakeRuntime({ socketPath: join(folder, 'runtime.sock'), answers: { Status: ready } });
  t.teardown(() => runtime.stop());
  return runtime;
}

test('the daemon says when it serves, that it lives, how it is, and when it stops', options, async t => {
  const folder = makeFolder(t);
  const runtime = await startRuntime(t, folder);
  const socket = await openNotifySocket(folder);
  t.teardown(socket.close);
  const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1499999' };
  const proxy = await startProxy({ connect: `${runtime.socketPath},b:${join(folder, 'b.sock')}`, env });
  t.teardown(() => proxy.remove());
  const said = (pattern: RegExp) =>
    waitFor(String(pattern), () => socket.messages.find(message => pattern.test(message)));
  t.ok(await said(/^READY=1 STATUS=serving CRI on \S+criproxy\.sock, 1 of 2 runtimes up; not seen yet: b$/));
  t.match(socket.messages[0], /^READY=1/, 'before anything else');
  t.ok(await said(/WATCHDOG=1/));
  await runtime.stop();
  t.ok(await said(/STATUS=serving CRI on \S+, 0 of 2 runtimes up; down: primary; not seen yet: b$/));
  const lives = () => socket.messages.filter(message => /WATCHDOG=1/.test(message)).length;
  const before = lives();
  await waitFor('more signs of life without any runtime', () => lives() >= before + 2 || undefined);
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  // The call waits for the primary, so that the daemon has something to finish.
  const call = client.ask('Status', {}, DEADLINE);
  await waitFor('it to arrive', async () => {
    const { text } = await askHttp({ socketPath: join(dirname(proxy.socketPath), 'state/admin.sock') }, '/metrics');
    return /^criproxy_calls_open 1$/m.test(text) || undefined;
  });
  const ended = proxy.stop();
  t.ok(await said(/^STOPPING=1 STATUS=finishing the calls in flight$/));
  t.equal((await call).code, 14, 'it is finished, not cut off');
  t.equal(await ended, 0);
});

/** The program, started as by systemd for a socket at `path`, at the first connection. */
function activate(t: Test, path: string, flags: readonly string[]) {
  const [command, args] = proxyCommand([...flags, '-stateDir=']);
  const child = spawnTied('systemd-socket-activate', [`--listen=${path}`, command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const said: string[] = [];
  child.stderr!.setEncoding('utf8').on('data', text => said.push(text));
  return { child, said: () => said.join('') };
}

test('an inherited socket is served, from its first client on, and is not removed', options, async t => {
  const folder = makeFolder(t);
  const runtime = await startRuntime(t, folder);
  const path = join(folder, 'in.sock');
  const { child, said } = activate(t, path, ['-connect', runtime.socketPath, '-listen', path]);
  await waitFor('the socket', () => existsSync(path) || undefined);
  const client = connect(path);
  t.teardown(() => client.close());
  t.match(await client.call('Version', {}, DEADLINE), { runtime_name: 'fake' }, 'the client that came first');
  t.match(said(), `serving CRI on ${path}`);
  child.kill('SIGTERM');
  t.same(await endOf(child), { code: 0, signal: null });
  t.ok(existsSync(path));
});

interface Wrong {
  readonly name: string;
  /** The address at which systemd listens, and the address for a client. */
  readonly place: (folder: string) => Promise<{ readonly address: string; readonly to: NetConnectOpts }>;
  readonly says: RegExp;
}

const wrong: readonly Wrong[] = [
  {
    name: 'at another path',
    place: async folder => ({ address: join(folder, 'in.sock'), to: { path: join(folder, 'in.sock') } }),
    says: /flag -listen: "\S+\/criproxy\.sock": the socket unit listens at \S+\/in\.sock; make both the same/,
  },
  {
    name: 'that is TCP',
    place: async () => {
      const port = await freePort();
      return { address: `127.0.0.1:${port}`, to: { host: '127.0.0.1', port } };
    },
    says: /flag -listen: "\S+": systemd hands over file descriptor 3, which does not listen on a unix stream socket/,
  },
];

for (const { name, place, says } of wrong) {
  test(`an inherited socket ${name} is an error`, options, async t => {
    const folder = makeFolder(t);
    const { address, to } = await place(folder);
    const flags = ['-connect', join(folder, 'r.sock'), '-listen', join(folder, 'criproxy.sock')];
    const { child, said } = activate(t, address, flags);
    await waitFor('it to listen', () => /Listening on/.test(said()) || undefined);
    const client = createConnection(to);
    client.on('error', () => {});
    t.teardown(() => client.destroy());
    t.same(await endOf(child), { code: 2, signal: null });
    t.match(said(), says);
  });
}
