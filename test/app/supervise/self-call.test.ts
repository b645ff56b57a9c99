import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { callSelf, withSelfCheck } from '../../../src/app/supervise/self-call.ts';
import type { Method, Service } from '../../../src/base/call.ts';
import { serve } from '../../../src/transport/grpc/server/server.ts';
import { listenOn } from '../../../src/transport/sockets/socket-file.ts';

const hangs: Method = { kind: 'unary', handle: () => new Promise(() => {}) };

async function startServer(t: Test, service: Service): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-self-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 's');
  const socket = createServer();
  const server = serve(socket, service);
  await listenOn(socket, path);
  t.teardown(() => server.close(0));
  return path;
}

test('the call is answered in every state of the runtimes', async t => {
  const path = await startServer(
    t,
    withSelfCheck(() => hangs),
  );
  await t.resolves(callSelf(path, 10_000, { userAgent: 'test' }));
});

test('every other path is the service’s', async t => {
  const asked: string[] = [];
  const service = withSelfCheck(path => {
    asked.push(path);
    return hangs;
  });
  for (const path of ['/grpc.health.v1.Health/Check', '/runtime.v1.RuntimeService/Version'])
    t.equal(service(path), hangs);
  t.same(asked, ['/grpc.health.v1.Health/Check', '/runtime.v1.RuntimeService/Version']);
});

test('a server that does not answer in time', async t => {
  const path = await startServer(t, () => hangs);
  // On a busy machine the connection itself may take as long.
  await t.rejects(callSelf(path, 100, { userAgent: 'test' }), { message: /(no|not) answer within 100 ms$/ });
});

test('the socket of another program', async t => {
  const path = await startServer(t, () => undefined);
  await t.rejects(callSelf(path, 10_000, { userAgent: 'test' }), { code: 12 });
});

test('no server listens', async t => {
  await t.rejects(callSelf(join(tmpdir(), 'criproxy-no-such-socket'), 10_000, { userAgent: 'test' }), {
    code: 'ENOENT',
  });
});
