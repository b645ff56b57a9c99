import t from 'tap';
import type { Service } from '../../../src/base/call.ts';
import { FrameType, preface } from '../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../src/transport/http2/frames/settings.ts';
import { settings, windowUpdate } from '../support/control-frames.ts';
import { echo, replyWith } from '../support/echo.ts';
import { data, end, headers, hello, message, noSettings, requestFields } from '../support/frames.ts';
import { rawServer, requests } from '../support/raw-client.ts';
import type { RawPeer } from '../support/raw-peer.ts';
import { rawClient } from '../support/raw-server.ts';
import { callOptions } from '../support/sockets.ts';

const initialWindow = (size: number) => settings([SettingId.InitialWindowSize, size]);

/** The octets of DATA on a stream so far. */
function received(peer: RawPeer, streamId: number): number {
  return peer.frames
    .filter(({ type, streamId: id }) => type === FrameType.Data && id === streamId)
    .reduce((sum, { payload }) => sum + payload.length, 0);
}

/** The sum of the peer's WINDOW_UPDATE for a stream, or for the connection with id 0. */
function opened(peer: RawPeer, streamId: number): number {
  return peer.frames
    .filter(({ type, streamId: id }) => type === FrameType.WindowUpdate && id === streamId)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
}

const ask = (streamId: number, size: number) => [
  headers(streamId, requestFields('/test.Test/Echo')),
  ...Array.from({ length: Math.ceil((size + 5) / 16_000) }, (_, i) => {
    const all = message(Buffer.alloc(size, 'x'));
    return data(streamId, all.subarray(i * 16_000, (i + 1) * 16_000), (i + 1) * 16_000 < all.length ? 0 : end);
  }),
];

t.test('a reply stops at the window of its stream, to the byte', async t => {
  const { peer, server } = rawClient();
  peer.send(preface, initialWindow(3), ...ask(1, 100));
  await peer.settle();
  t.equal(received(peer, 1), 3, 'within the prefix');
  peer.send(windowUpdate(1, 1));
  await peer.settle();
  t.equal(received(peer, 1), 4);
  peer.send(windowUpdate(1, 50));
  await peer.settle();
  t.equal(received(peer, 1), 54);
  peer.send(initialWindow(40));
  await peer.settle();
  t.equal(received(peer, 1), 54 + 37, 'SETTINGS open it by the difference');
  peer.send(initialWindow(0), windowUpdate(1, 40));
  await peer.settle();
  t.equal(received(peer, 1), 54 + 37, 'and close it below zero');
  peer.send(windowUpdate(1, 14));
  await peer.until(() => peer.summary().at(-1) === 'Headers 1 grpc-status=0 end');
  t.equal(received(peer, 1), 105);
  server.destroy('the test is over');
});

t.test('replies stop at the window of the connection, and share its updates', async t => {
  const { peer, server } = rawClient();
  peer.send(preface, initialWindow(1 << 20), ...ask(1, 200_000), ...ask(3, 200_000));
  await peer.settle();
  t.equal(received(peer, 1) + received(peer, 3), 65_535);
  peer.send(windowUpdate(0, 150_000));
  await peer.settle();
  t.equal(received(peer, 1) + received(peer, 3), 215_535);
  t.ok(received(peer, 1) > 50_000 && received(peer, 3) > 50_000, 'no stream starves');
  peer.send(windowUpdate(0, 1 << 20));
  await peer.until(() => peer.summary().filter(word => word.endsWith('grpc-status=0 end')).length === 2);
  t.equal(received(peer, 1) + received(peer, 3), 400_010);
  server.destroy('the test is over');
});

t.test('a reply is sent in frames of the size that the peer allows', async t => {
  const { peer, server } = rawClient();
  const bigger = settings([SettingId.InitialWindowSize, 1 << 20], [SettingId.MaxFrameSize, 20_000]);
  peer.send(preface, bigger, windowUpdate(0, 1 << 20), ...ask(1, 99_995));
  await peer.until(() => peer.summary().at(-1) === 'Headers 1 grpc-status=0 end');
  t.same(peer.summary().slice(1, -1), Array(5).fill('Data 1 20000'));
  server.destroy('the test is over');
});

t.test('the connection window opens as DATA comes, with and without a reader', async t => {
  const { peer, server } = rawClient({ connectionWindow: 100_000 });
  peer.send(hello, headers(1, requestFields('/test.Test/Hang')));
  for (let i = 0; i < 20; i++) peer.send(data(1, Buffer.alloc(10_000), 0));
  await peer.settle();
  t.ok(opened(peer, 0) >= 150_000, `${opened(peer, 0)} of 200,000`);
  server.destroy('the test is over');
});

t.test('DATA beyond the connection window', async t => {
  const { peer } = rawClient({ connectionWindow: 70_000, streamWindow: 200_000, maxFrameSize: 100_000 });
  peer.send(hello, headers(1, requestFields('/test.Test/Hang')), data(1, Buffer.alloc(70_001), 0));
  await peer.until(() => false);
  t.same(peer.summary(), ['GoAway FLOW_CONTROL_ERROR']);
});

/** A service with one stream, which reads a request on each call of `read`. */
function slowReader(): { service: Service; read: () => Promise<number> } {
  const got = Promise.withResolvers<AsyncIterator<Buffer>>();
  const service: Service = () => ({
    kind: 'stream',
    handle: requests => {
      got.resolve((requests as AsyncIterable<Buffer>)[Symbol.asyncIterator]());
      return replyWith(
        (async function* () {
          await new Promise(() => {});
          yield Buffer.alloc(0);
        })(),
      );
    },
  });
  return { service, read: async () => (await (await got.promise).next()).value.length };
}

t.test('the window of a stream opens only as its messages are read', async t => {
  const { service, read } = slowReader();
  const { peer, server } = rawClient({ streamWindow: 100_000 }, service);
  peer.send(hello, headers(1, requestFields('/a/B')));
  for (let i = 0; i < 9; i++) peer.send(data(1, message(Buffer.alloc(9995)), 0));
  await peer.settle();
  t.equal(opened(peer, 1), 0, 'nothing is read yet');
  for (let i = 0; i < 8; i++) await read();
  await peer.settle();
  t.equal(opened(peer, 1), 0, 'one message still waits');
  t.equal(await read(), 9995);
  await peer.settle();
  t.equal(opened(peer, 1), 90_000);
  peer.send(
    ...Array.from({ length: 10 }, () => data(1, message(Buffer.alloc(9995)), 0)),
    data(1, message('one too many'), 0),
  );
  await peer.settle();
  t.same(peer.summary(), ['Headers 1 :status=200', 'RstStream 1 FLOW_CONTROL_ERROR']);
  server.destroy('the test is over');
});

t.test('a message larger than the window of its stream arrives', async t => {
  const { peer, server } = rawClient({ streamWindow: 20_000 });
  peer.send(hello, headers(1, requestFields('/test.Test/Echo')));
  const all = message(Buffer.alloc(99_995, 'x'));
  for (let at = 0; at < all.length; at += 10_000) {
    await peer.until(() => 20_000 + opened(peer, 1) >= at + 10_000);
    peer.send(data(1, all.subarray(at, at + 10_000), at + 10_000 < all.length ? 0 : end));
  }
  peer.send(windowUpdate(1, 1 << 20), windowUpdate(0, 1 << 20));
  await peer.until(() => peer.summary().at(-1) === 'Headers 1 grpc-status=0 end');
  t.equal(received(peer, 1), 100_000);
  server.destroy('the test is over');
});

t.test('a handler makes no more messages than its client reads', async t => {
  let made = 0;
  const service: Service = () => ({
    kind: 'stream',
    handle: () =>
      replyWith(
        (async function* () {
          for (; made < 1000; made++) yield Buffer.alloc(9995);
        })(),
      ),
  });
  const { peer, server } = rawClient({}, service);
  peer.send(hello, headers(1, requestFields('/a/B')), data(1, ''));
  await peer.settle();
  t.ok(made >= 6 && made <= 8, `${made} messages for a window of 65,535`);
  peer.send(windowUpdate(1, 100_000), windowUpdate(0, 100_000));
  await peer.settle();
  t.ok(made >= 16 && made <= 18, `${made} for 165,535`);
  server.destroy('the test is over');
});

t.test('our client: the window of an answer opens only as it is read', async t => {
  const { peer, session } = await rawServer(noSettings, { streamWindow: 100_000 });
  const reply = session.stream('/a/B', [], callOptions());
  await requests(peer, 1);
  peer.send(
    headers(1, [
      [':status', '200'],
      ['content-type', 'application/grpc'],
    ]),
  );
  for (let i = 0; i < 10; i++) peer.send(data(1, message(Buffer.alloc(9995)), 0));
  await peer.settle();
  t.equal(opened(peer, 1), 0);
  const reader = reply[Symbol.asyncIterator]();
  for (let i = 0; i < 10; i++) t.equal((await reader.next()).value?.length, 9995);
  await peer.settle();
  t.equal(opened(peer, 1), 100_000);
  session.close();
});

t.test('our client: requests stop at the window, and no more are read', async t => {
  const { peer, session } = await rawServer(initialWindow(30_000));
  let made = 0;
  async function* source() {
    for (;;) {
      made++;
      yield Buffer.alloc(9995);
    }
  }
  session.stream('/a/B', source(), callOptions());
  await peer.settle();
  t.equal(received(peer, 1), 30_000);
  t.ok(made <= 4, `${made} messages were made`);
  session.close();
});

t.test('unary and streaming calls end well with tiny windows', async t => {
  const { peer, server } = rawClient({}, echo);
  peer.send(preface, initialWindow(1), ...ask(1, 50));
  const grow = setInterval(() => peer.send(windowUpdate(1, 1)), 1);
  await peer.until(() => peer.summary().at(-1) === 'Headers 1 grpc-status=0 end');
  clearInterval(grow);
  t.equal(received(peer, 1), 55);
  server.destroy('the test is over');
});
