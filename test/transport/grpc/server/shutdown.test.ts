import { connect } from 'node:net';
import type * as grpc from '@grpc/grpc-js';
import t from 'tap';
import type { Service } from '../../../../src/base/call.ts';
import { Code } from '../../../../src/base/codes.ts';
import { waitFor } from '../../../support/child.ts';
import { dial } from '../../../support/dial.ts';
import { replyWith } from '../../support/echo.ts';
import { data, headers, hello, message, requestFields } from '../../support/frames.ts';
import { RawPeer } from '../../support/raw-peer.ts';
import { callOptions, ForeignClient, outcome, startServer } from '../../support/sockets.ts';

/** A unary method that answers on demand, and a stream that never ends. */
function service(): { service: Service; finish: () => void; called: Promise<void>; calls: () => number } {
  const gate = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  let calls = 0;
  return {
    calls: () => calls,
    finish: gate.resolve,
    called: called.promise,
    service: path => {
      if (path === '/a/Stream') {
        const endless = async function* () {
          yield Buffer.from('first');
          await new Promise(() => {});
        };
        return { kind: 'stream', handle: () => replyWith(endless()) };
      }
      const handle = async (request: Buffer) => {
        calls++;
        called.resolve();
        await gate.promise;
        return { message: request, headers: [], trailers: [] };
      };
      return { kind: 'unary', handle };
    },
  };
}

t.test('close: unary calls finish, streams end, no new call is accepted', async t => {
  const { service: methods, finish, called } = service();
  const { path, server } = await startServer(t, methods);
  const client = new ForeignClient(t, path);
  const unary = client.unary('/a/Unary', Buffer.from('x'));
  await called;
  const messages: Buffer[] = [];
  const stream = outcome(messages, client.bidi('/a/Stream') as unknown as grpc.ClientUnaryCall);
  await waitFor('a message', () => messages[0]);
  const closed = server.close(60_000);
  t.match(await stream, { code: Code.Unavailable, details: 'shutting down' });
  t.match(await new ForeignClient(t, path).unary('/a/Unary', Buffer.from('y')), { code: Code.Unavailable });
  finish();
  t.match(await unary, { code: Code.OK, messages: [Buffer.from('x')] });
  await closed;
});

t.test('close: calls that are not done when the grace is over are cut off', async t => {
  const { service: methods, called } = service();
  const { path, server } = await startServer(t, methods);
  const unary = new ForeignClient(t, path).unary('/a/Unary', Buffer.from('x'));
  await called;
  await server.close(50);
  t.match(await unary, { code: Code.Unavailable });
});

t.test('close: GOAWAY names the last stream, later ones are refused', async t => {
  const { service: methods, finish, calls } = service();
  const { path, server } = await startServer(t, methods);
  const peer = new RawPeer(connect(path));
  const ask = (id: number) => Buffer.concat([headers(id, requestFields('/a/Unary')), data(id, message(''))]);
  peer.send(hello, ask(1), ask(3));
  await waitFor('both calls', () => calls() === 2 || undefined, { pause: 1 });
  const closed = server.close(60_000);
  await peer.until(() => peer.summary().length > 0);
  t.equal(peer.frames.find(({ type }) => type === 7)?.payload.readUInt32BE(0), 3);
  peer.send(ask(5));
  await peer.until(() => peer.summary().length > 1);
  t.same(peer.summary(), ['GoAway NO_ERROR', 'RstStream 5 REFUSED_STREAM']);
  finish();
  await closed;
  t.same(peer.summary().filter(word => word.endsWith('grpc-status=0 end')).length, 2);
});

t.test('close without a client, and twice', async t => {
  const { server } = await startServer(t);
  await t.resolves(server.close(1000));
  await t.resolves(server.close(1000));
});

t.test('our client gets GOAWAY', async t => {
  const { service: methods, finish, called } = service();
  const { path, server } = await startServer(t, methods);
  const session = await dial(path, 1000);
  const unary = session.call('/a/Unary', Buffer.from('x'), callOptions());
  await called;
  const closed = server.close(60_000);
  t.equal(await session.closed, 'GOAWAY NO_ERROR');
  finish();
  t.equal((await unary).message.toString(), 'x');
  await closed;
});
