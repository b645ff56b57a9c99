import { readFileSync } from 'node:fs';
import { createServer, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Test, test } from 'tap';
import { ProxyError } from '../../src/base/error.ts';
import { Flag, FrameType } from '../../src/transport/http2/frames/frame.ts';
import type { Session } from '../../src/transport/session.ts';
import { makeFolder } from '../daemon/daemon.ts';
import { spawnTied, waitFor } from '../support/child.ts';
import { criTypes } from '../support/cri-types.ts';
import { dial as dialOwn } from '../support/dial.ts';
import { scrape } from '../support/exposition.ts';
import { methodPath } from '../support/facts.ts';
import { startFakeRuntime } from '../support/fake-runtime.ts';
import { proxyCommand } from '../support/proxy.ts';
import { needs, TEST_LIMIT } from '../support/require.ts';
import {
  data,
  frame,
  headers,
  hello,
  longHeaders,
  message,
  noSettings,
  requestFields,
} from '../transport/support/frames.ts';
import { RawPeer, type ReadFrame } from '../transport/support/raw-peer.ts';
import { callOptions } from '../transport/support/sockets.ts';
import { connected, wellBehaved } from './support/well-behaved.ts';

const MiB = 1024 * 1024;
const LARGE = 4 * MiB;
const PATIENCE = { deadline: 60_000 };
/** A busy machine needs long for hundreds of MiB. */
const LONG = { timeout: 120_000 };
const core = join(import.meta.dirname, '../support/grpc-core.py');
const foreign = needs('foreign');
const v1 = criTypes('runtime.v1');
const version = v1.encode('VersionResponse', {
  version: '0.1.0',
  runtime_name: 'core',
  runtime_version: '1',
  runtime_api_version: 'v1',
});

/** A proxy in front of these runtimes, and its own figures. */
async function startProxy(t: Test, dir: string, runtimes: string) {
  const path = join(dir, 'criproxy.sock');
  const admin = join(dir, 'admin.sock');
  const flags = ['-connect', runtimes, '-listen', path, '-stateDir=', '-adminSocket', admin];
  const [command, args] = proxyCommand(flags);
  const child = spawnTied(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr!.setEncoding('utf8').on('data', text => {
    log += text;
  });
  const memory = () => {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1];
    return Number(kib) * 1024;
  };
  await waitFor('the proxy', () => log.includes('serving CRI on') || undefined);
  return { path, admin, memory, log: () => log };
}

async function openSession(t: Test, path: string): Promise<Session> {
  const session = await dialOwn(path, 10_000);
  t.teardown(() => session.close());
  return session;
}

async function startCore(t: Test, dir: string): Promise<string> {
  const path = join(dir, 'core.sock');
  const child = spawnTied('/usr/bin/python3', [core, 'server', path, version.toString('hex')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise(resolve => child.stdout!.once('data', resolve));
  return path;
}

/** A client on gRPC core: the words of its answer. */
async function coreClient(t: Test, path: string): Promise<(method: string, size: number) => Promise<string[]>> {
  const child = spawnTied('/usr/bin/python3', [core, 'client', path], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const ask = async (method: string, size: number) => {
    child.stdin!.write(`${methodPath(method, 'runtime.v1')} ${size}\n`);
    return String((await lines.next()).value).split(' ');
  };
  // Its start takes a processor for a second.
  await ask('Version', 1);
  return ask;
}

test('messages of 4 MiB between peers on gRPC core, either way', foreign, async t => {
  const dir = makeFolder(t);
  const proxy = await startProxy(t, dir, await startCore(t, dir));
  const ask = await coreClient(t, proxy.path);
  const stop = await wellBehaved(t, proxy.path);
  const before = proxy.memory();
  for (let round = 0; round < 5; round++) {
    const [code, size] = await ask('ExecSync', LARGE);
    t.same([code, Number(size)], ['OK', LARGE + 8], `round ${round}`);
  }
  const client = connected(t, proxy.path);
  const { code, response } = await client.ask('ExecSync', { container_id: 'c', cmd: ['x'.repeat(LARGE)] }, PATIENCE);
  t.same([code, response?.['stderr'].length], [0, LARGE]);
  await stop();
  t.notMatch(proxy.log(), /is down/);
  await waitFor('the memory to come back', () => proxy.memory() < before + 80 * MiB || undefined, LONG);
});

test('an error text of 300 kB reaches a client as far as it takes one', foreign, async t => {
  const dir = makeFolder(t);
  const text = `it failed: ${'ö'.repeat(50_000)}`;
  const own = await startFakeRuntime({
    socketPath: join(dir, 'own.sock'),
    answers: { ListPodSandbox: Buffer.alloc(0), ListContainers: Buffer.alloc(0), ListImages: Buffer.alloc(0) },
  });
  t.teardown(() => own.stop());
  const raw = await startRawRuntime(t, dir, { failing: text });
  const request = v1.encode('StopContainerRequest', { container_id: 'c' });
  for (const [what, runtime, whole] of [
    ['a runtime on gRPC core', await startCore(t, dir), `it failed: ${'x'.repeat(300_000)}`],
    ['a runtime that looks at no limit', raw, text],
  ] as const) {
    const proxy = await startProxy(t, makeFolder(t), `${runtime},alt:${own.socketPath}`);
    const ask = await coreClient(t, proxy.path);
    // Our client takes header lists of 16 MiB, as grpc-go does; Node's takes 64 KiB.
    const client = await openSession(t, proxy.path);
    const stop = await wellBehaved(t, proxy.path);
    for (let round = 0; round < 20; round++) {
      const fault = await client
        .call(methodPath('StopContainer', 'runtime.v1'), request, callOptions())
        .then(() => undefined, ProxyError.from);
      t.strictSame([fault?.code, fault?.message === whole], [9, true], `${what}: its code, and all of its text`);
      const [name, , length] = await ask('StopContainer', 1);
      t.equal(name, 'FAILED_PRECONDITION', 'gRPC core takes 8 KiB of it');
      t.ok(Number(length) > 1000, `${length} characters`);
    }
    await stop();
    t.notMatch(proxy.log(), /primary runtime is down/);
  }
});

/** A runtime that answers Version, and StopContainer with an error, and grants no window. */
async function startRawRuntime(t: Test, dir: string, { failing = 'no' } = {}): Promise<string> {
  const path = join(dir, 'raw.sock');
  const open = new Set<Socket>();
  const server = createServer(socket => {
    open.add(socket);
    const peer = new RawPeer(socket, 24);
    peer.send(noSettings);
    let seen = 0;
    socket.on('data', () => {
      for (; seen < peer.frames.length; seen++) answer(peer, peer.frames[seen]!);
    });
  });
  const answer = (peer: RawPeer, { type, streamId, payload, flags }: ReadFrame) => {
    if (type === FrameType.Ping && (flags & Flag.Ack) === 0) peer.send(frame(FrameType.Ping, Flag.Ack, 0, payload));
    if (type !== FrameType.Data || (flags & Flag.EndStream) === 0) return;
    const path = peer.paths.get(streamId) ?? '';
    const ok = [[':status', '200'] as const, ['content-type', 'application/grpc'] as const];
    if (path.endsWith('/Version')) {
      peer.send(
        headers(streamId, ok),
        data(streamId, message(version), 0),
        headers(streamId, [['grpc-status', '0']], Flag.EndHeaders | Flag.EndStream),
      );
    } else {
      peer.send(...longHeaders(streamId, [...ok, ['grpc-status', '9'], ['grpc-message', encodeURI(failing)]]));
    }
  };
  await new Promise<void>(resolve => server.listen(path, resolve));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return path;
}

const zipped = gzipSync(
  v1.encode('UpdateContainerResourcesRequest', { container_id: 'raw__c', annotations: { a: 'x'.repeat(60 * MiB) } }),
);

/** A client that sends frames by hand, and reads none of the answers. */
async function rawClient(t: Test, path: string): Promise<RawPeer> {
  const socket = dial(path);
  t.teardown(() => socket.destroy());
  const peer = new RawPeer(socket);
  peer.send(hello);
  await peer.until(() => peer.words.length > 0);
  return peer;
}

test('large requests to a runtime that grants no window cost their client alone', { timeout: TEST_LIMIT }, async t => {
  const dir = makeFolder(t);
  const alt = await startFakeRuntime({ socketPath: join(dir, 'alt'), answers: { StopContainer: Buffer.alloc(0) } });
  t.teardown(() => alt.stop());
  const raw = await startRawRuntime(t, dir);
  const proxy = await startProxy(t, dir, `${alt.socketPath},raw:${raw}`);
  await waitFor('the runtimes', () => (proxy.log().match(/is up at/g)?.length === 2 ? true : undefined));
  const stop = await wellBehaved(t, proxy.path);
  const before = proxy.memory();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, proxy.memory() - before);
  }, 20);
  t.teardown(() => clearInterval(watch));
  const peer = await rawClient(t, proxy.path);
  for (let call = 0; call < 6; call++) {
    const id = 1 + 2 * call;
    const fields = requestFields(methodPath('UpdateContainerResources', 'runtime.v1'), { 'grpc-encoding': 'gzip' });
    const parts = message(zipped, 1);
    peer.send(headers(id, fields));
    for (let at = 0; at < parts.length; at += 16_000)
      peer.send(data(id, parts.subarray(at, at + 16_000), at + 16_000 < parts.length ? 0 : Flag.EndStream));
  }
  await peer.until(() => peer.summary().some(word => word.includes('grpc-status=8')));
  // A request that fits is held until its call is over.
  await waitFor(
    'the others to be held',
    async () => ((await scrape(proxy.admin)).sum('criproxy_held_bytes') >= 2 * 60 * MiB ? true : undefined),
    LONG,
  );
  t.ok(
    peer.summary().every(word => /grpc-status=8 end$/.test(word)),
    peer.summary().join(', '),
  );
  t.equal(peer.closed, false, 'the connection of that client too goes on');
  clearInterval(watch);
  await stop();
  t.notMatch(proxy.log(), /is down/);
  t.ok(most < 800 * MiB, `${(most / MiB).toFixed(0)} MiB more at most`);
});

test('unread answers have a limit for all clients together', { timeout: TEST_LIMIT }, async t => {
  const dir = makeFolder(t);
  const large = v1.encode('ExecSyncResponse', { stdout: Buffer.alloc(12 * MiB) });
  const primary = await startFakeRuntime({ socketPath: join(dir, 'primary'), answers: { ExecSync: large } });
  t.teardown(() => primary.stop());
  const proxy = await startProxy(t, dir, primary.socketPath);
  const stop = await wellBehaved(t, proxy.path);
  const before = proxy.memory();
  const peers = await Promise.all(Array.from({ length: 8 }, () => rawClient(t, proxy.path)));
  const exec = v1.encode('ExecSyncRequest', { container_id: 'c' });
  for (const peer of peers)
    for (let call = 0; call < 12; call++) {
      const id = 1 + 2 * call;
      peer.send(headers(id, requestFields(methodPath('ExecSync', 'runtime.v1'))), data(id, message(exec)));
    }
  const ended = () => peers.every(peer => new Set(peer.summary().map(word => word.split(' ')[1])).size === 12);
  await waitFor('an answer to each, or its beginning', () => ended() || undefined, LONG);
  const grown = proxy.memory() - before;
  t.ok(grown < 900 * MiB, `${(grown / MiB).toFixed(0)} MiB more`);
  const held = await scrape(proxy.admin);
  t.ok(held.sum('criproxy_held_bytes') <= held.sum('criproxy_held_max_bytes'));
  t.ok(held.sum('criproxy_held_refusals_total') > 0, 'some did not fit');
  await stop();
  for (const peer of peers) peer.socket.destroy();
  await waitFor(
    'what is held to be let go',
    async () => ((await scrape(proxy.admin)).sum('criproxy_held_bytes') === 0 ? true : undefined),
    LONG,
  );
});

test('readers of events that stand still cost others no call', { timeout: TEST_LIMIT }, async t => {
  const dir = makeFolder(t);
  const event = v1.encode('ContainerEventResponse', {
    container_id: 'c',
    pod_sandbox_status: { id: 'p', annotations: { a: 'x'.repeat(20_000) } },
  });
  const send = Promise.withResolvers<void>();
  const large = v1.encode('ExecSyncResponse', { stdout: Buffer.alloc(12 * MiB) });
  const answers = {
    ExecSync: large,
    GetContainerEvents: async function* () {
      await send.promise;
      for (let sent = 0; sent < 600; sent++) {
        yield event;
        await sleep(5);
      }
    },
  };
  const primary = await startFakeRuntime({ socketPath: join(dir, 'primary'), answers });
  t.teardown(() => primary.stop());
  const proxy = await startProxy(t, dir, primary.socketPath);
  const stop = await wellBehaved(t, proxy.path);
  const client = connected(t, proxy.path);
  const reader = await rawClient(t, proxy.path);
  for (let call = 0; call < 1_000; call++) {
    const id = 1 + 2 * call;
    reader.send(headers(id, requestFields(methodPath('GetContainerEvents', 'runtime.v1'))), data(id, message('')));
  }
  await waitFor('the subscription', () => primary.asked('GetContainerEvents')[0]);
  send.resolve();
  await reader.until(() => reader.words.filter(word => word.startsWith('Data')).length > 1);
  for (let call = 0; call < 5; call++) {
    const { code, details } = await client.ask('ExecSync', { container_id: 'c' }, PATIENCE);
    t.equal(code, 0, `an answer of 12 MiB for another client: ${details}`);
  }
  t.equal(primary.asked('GetContainerEvents').length, 1, 'one subscription for 1,000 readers');
  await stop();
  t.notMatch(proxy.log(), /is down/);
});
