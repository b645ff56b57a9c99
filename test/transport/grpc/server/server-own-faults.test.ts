import { gzipSync } from 'node:zlib';
import t from 'tap';
import type { CallOptions, Method, Service } from '../../../../src/base/call.ts';
import { Code } from '../../../../src/base/codes.ts';
import { ProxyError } from '../../../../src/base/error.ts';
import type { ServerConnection } from '../../../../src/transport/grpc/server/server-connection.ts';
import { waitFor } from '../../../support/child.ts';
import { replyWith } from '../../support/echo.ts';
import { data, endHeaders, headers, hello, message, ping, requestFields, whole } from '../../support/frames.ts';
import { breakState, connectionOf, injected, inside, reports, throwNext } from '../../support/inject.ts';
import type { RawPeer } from '../../support/raw-peer.ts';
import { converse, rawClient } from '../../support/raw-server.ts';
import { answered, request } from '../../support/server-row.ts';
import { ForeignClient, startServer } from '../../support/sockets.ts';

/** A client with two open calls: stream 1 hangs, stream 3 is the row's. */
interface Scene {
  readonly peer: RawPeer;
  readonly server: ServerConnection;
  /** Has the handler of the row's call go on. */
  readonly gate: PromiseWithResolvers<void>;
}

/** The row's call, how its connection comes to a fault, and the fault. */
type Row = readonly [title: string, call: readonly Buffer[], provoke: (scene: Scene) => void, fault?: RegExp];

const open = (path: string, more = {}) => headers(3, requestFields(path, more));
const unary = [open('/t/Gate'), data(3, message('x'))];
const stream = [open('/t/Stream'), data(3, message('x'))];
const third = ({ server }: Scene) => connectionOf(server).streams.get(3)!;
const illegal = /^client connection: (HEADERS|DATA) cannot be sent on a stream in the state HalfClosedLocal$/;

const rows: Row[] = [
  [
    'a frame comes',
    [],
    ({ peer, server }) => {
      throwNext(inside(connectionOf(server)).receiver.control, 'frame');
      peer.send(ping);
    },
  ],
  [
    'a request comes',
    [open('/t/Gate')],
    scene => {
      throwNext(third(scene), 'onData');
      scene.peer.send(data(3, message('x')));
    },
  ],
  [
    'a request is decompressed',
    [open('/t/Gate', { 'grpc-encoding': 'gzip' })],
    scene => {
      throwNext(inside(third(scene)).request, 'takePlain');
      scene.peer.send(data(3, message(gzipSync('x'), 1)));
    },
  ],
  [
    'an answer is sent on a stream that cannot send',
    unary,
    scene => {
      breakState(third(scene));
      scene.gate.resolve();
    },
    illegal,
  ],
  [
    'an error is sent on a stream that cannot send',
    unary,
    scene => {
      breakState(third(scene));
      scene.gate.reject(new ProxyError(Code.NotFound, 'gone'));
    },
    illegal,
  ],
  [
    'a message of a streaming call is sent on a stream that cannot send',
    stream,
    scene => {
      breakState(third(scene));
      scene.gate.resolve();
    },
    illegal,
  ],
  [
    'the error of a streaming call is sent on a stream that cannot send',
    stream,
    scene => {
      breakState(third(scene));
      scene.gate.reject(new ProxyError(Code.NotFound, 'gone'));
    },
    illegal,
  ],
  [
    'the handler reads a request',
    [open('/t/Stream')],
    ({ peer, server }) => {
      throwNext(connectionOf(server), 'credit');
      peer.send(data(3, message('x')));
    },
  ],
  [
    'a deadline passes',
    [open('/t/Gate', { 'grpc-timeout': '1H' })],
    scene => {
      throwNext(third(scene), 'abort');
      inside(third(scene)).alarm.ring();
    },
  ],
  [
    'the limits of time are checked',
    [],
    ({ server }) => {
      throwNext(connectionOf(server), 'sweepStalls');
      server.sweep(performance.now());
    },
  ],
  [
    'bytes go to the socket',
    [],
    ({ peer, server }) => {
      throwNext(inside(connectionOf(server)).output, 'writeAll');
      peer.send(ping);
    },
  ],
  [
    'the socket has room again',
    [],
    ({ server }) => {
      throwNext(connectionOf(server).sender, 'pump');
      inside(connectionOf(server)).socket.emit('drain');
    },
  ],
  [
    'the server shuts down',
    [],
    ({ server }) => {
      throwNext(connectionOf(server), 'goAway');
      server.shutDown(new ProxyError(Code.Unavailable, 'shutting down'));
    },
  ],
];

for (const [title, call, provoke, fault = /^client connection: an injected fault$/] of rows) {
  t.test(`a fault when ${title} costs one connection`, async t => {
    const { report, words } = reports();
    const gate = Promise.withResolvers<void>();
    gate.promise.catch(() => {});
    const hanging: CallOptions[] = [];
    const service = gated(gate.promise, hanging);
    const { peer, server } = rawClient({}, service, report);
    const { peer: neighbour } = rawClient({}, service, report);
    neighbour.send(hello);
    peer.send(hello, headers(1, requestFields('/t/Hang')), data(1, message('x')), ...call);
    await waitFor('the calls', () => hanging.length === 1 || undefined);
    await peer.settle();
    provoke({ peer, server, gate });
    await peer.until(() => false);
    t.equal(peer.summary().at(-1), 'GoAway INTERNAL_ERROR');
    t.equal(words.length, 1, 'the fault is reported once');
    t.match(words[0], fault);
    t.match(hanging[0]!.signal.reason, { message: 'the client is gone: a fault of criproxy (see its log)' });
    neighbour.send(request);
    await neighbour.settle();
    t.same(neighbour.summary(), answered, 'another client is served');
    neighbour.socket.destroy();
  });
}

/** Echo, a unary method and a stream that wait for `gate`, and a method that hangs. */
function gated(gate: Promise<void>, hanging: CallOptions[]): Service {
  const methods: Record<string, Method> = {
    '/test.Test/Echo': {
      kind: 'unary',
      handle: async sent => ({ message: sent, headers: [], trailers: [] }),
    },
    '/t/Gate': {
      kind: 'unary',
      handle: async sent => gate.then(() => ({ message: sent, headers: [], trailers: [] })),
    },
    '/t/Stream': {
      kind: 'stream',
      handle: requests =>
        replyWith(
          (async function* () {
            for await (const sent of requests) {
              await gate;
              yield sent;
            }
          })(),
        ),
    },
    '/t/Hang': {
      kind: 'unary',
      handle: (_, options) => {
        hanging.push(options);
        return new Promise(() => {});
      },
    },
  };
  return path => methods[path];
}

t.test('a fault at the end of one call does not keep the others of a lost connection from their ends', async t => {
  const { report, words } = reports();
  const hanging: CallOptions[] = [];
  const { peer, server } = rawClient({}, gated(Promise.resolve(), hanging), report);
  const calls = [1, 3, 5].flatMap(id => [headers(id, requestFields('/t/Hang')), data(id, message('x'))]);
  peer.send(hello, ...calls);
  await waitFor('the calls', () => hanging.length === 3 || undefined);
  throwNext(connectionOf(server).streams.get(1)!, 'onLost');
  peer.socket.end();
  await waitFor('their ends', () => hanging[2]!.signal.aborted || undefined);
  t.same(
    hanging.map(({ signal }) => signal.aborted),
    [false, true, true],
  );
  t.same(words, ['client connection: an injected fault']);
});

const thrown = () => {
  throw injected;
};
const none = { headers: Promise.resolve([]), trailers: [] };

/** The service, and the status that its call gets. A streaming call has sent its header list. */
const handlers: ReadonlyArray<readonly [title: string, service: Service]> = [
  ['the look-up of a method throws', thrown],
  ['a unary handler throws', () => ({ kind: 'unary', handle: thrown })],
  ['a unary handler rejects', () => ({ kind: 'unary', handle: () => Promise.reject(injected) })],
  ['a streaming handler throws', () => ({ kind: 'stream', handle: thrown })],
  [
    'the answers of a streaming handler throw',
    () => ({ kind: 'stream', handle: () => ({ ...none, [Symbol.asyncIterator]: () => ({ next: thrown }) }) }),
  ],
  [
    'the headers of a streaming handler reject',
    () => ({ kind: 'stream', handle: () => ({ ...replyWith([Buffer.alloc(1)]), headers: Promise.reject(injected) }) }),
  ],
];
for (const [title, service] of handlers) {
  t.test(`${title}: the call fails with Internal, and the connection lives`, async t => {
    const { report, words } = reports();
    const { peer, server } = rawClient({}, service, report);
    peer.send(hello, headers(1, requestFields('/t/Any')), data(1, message('x')));
    await peer.settle();
    t.same(peer.summary().slice(0, 1), ['Headers 1 :status=200 grpc-status=13 end']);
    t.same(words, ['call: an injected fault']);
    t.notOk(connectionOf(server).over);
    server.destroy('the test is over');
  });
}

t.test(
  'the reason of a wait throws at the deadline: the call fails with Internal, and the connection lives',
  async t => {
    const { report, words } = reports();
    const handle: (Method & { kind: 'unary' })['handle'] = (_, options) => {
      options.waitsFor = thrown;
      return new Promise(() => {});
    };
    const { peer, server } = rawClient({}, () => ({ kind: 'unary', handle }), report);
    peer.send(hello, headers(1, requestFields('/t/Any', { 'grpc-timeout': '20m' }), endHeaders), data(1, message('x')));
    await peer.frame(({ flags, streamId }) => streamId === 1 && flags === whole);
    t.same(peer.summary(), ['Headers 1 :status=200 grpc-status=13 end']);
    t.same(words, ['call: an injected fault']);
    t.notOk(connectionOf(server).over);
    server.destroy('the test is over');
  },
);

t.test('a status is no fault of the program', async t => {
  const { report, words } = reports();
  const refuse: Service = () => ({ kind: 'unary', handle: async () => Promise.reject(new ProxyError(5, 'gone')) });
  const { peer, server } = rawClient({}, refuse, report);
  peer.send(hello, headers(1, requestFields('/t/Any')), data(1, message('x')));
  await peer.settle();
  t.same(peer.summary(), ['Headers 1 :status=200 grpc-status=5 end']);
  t.same(words, []);
  server.destroy('the test is over');
});

t.test('an error of accept does not end the server', async t => {
  const { path, listener } = await startServer(t);
  const error = Object.assign(new Error('accept ENOMEM'), { code: 'ENOMEM', syscall: 'accept' });
  for (let i = 0; i < 3; i++) listener.emit('error', error);
  t.equal((await new ForeignClient(t, path).unary('/test.Test/Echo', Buffer.from('x'))).code, Code.OK);
});

t.test('a fault at the start of a connection costs this connection', async t => {
  const { report, words } = reports();
  const { path, listener } = await startServer(t, undefined, {}, report);
  const broken = { on: thrown, once: thrown, destroyed: false, destroy: () => (broken.destroyed = true) };
  listener.emit('connection', broken);
  t.ok(broken.destroyed, 'it is closed');
  t.same(words, ['client connection: an injected fault']);
  t.equal((await new ForeignClient(t, path).unary('/test.Test/Echo', Buffer.from('x'))).code, Code.OK);
  t.same(await converse(Buffer.concat([hello, request])), answered);
});
