import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Service } from '../../../src/base/call.ts';
import { waitFor } from '../../support/child.ts';
import { dial } from '../../support/dial.ts';
import { memoryInUse } from '../../support/memory-in-use.ts';
import { TEST_LIMIT } from '../../support/require.ts';
import { replyWith } from '../support/echo.ts';
import { data, headers, hello, requestFields } from '../support/frames.ts';
import { callOptions, startServer } from '../support/sockets.ts';

const MB = 1_000_000;

/** An endless stream of messages of a megabyte; `made` counts them. */
function source(): { service: Service; made: () => number } {
  let made = 0;
  const endless = async function* () {
    for (;;) {
      made++;
      yield Buffer.alloc(MB, 'x');
    }
  };
  return { service: () => ({ kind: 'stream', handle: () => replyWith(endless()) }), made: () => made };
}

t.test('20 clients that do not read an endless stream', async t => {
  const { service, made } = source();
  const { path } = await startServer(t, service);
  const before = await memoryInUse();
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect(path);
    socket.pause();
    socket.write(
      Buffer.concat([
        hello,
        Buffer.from('000004080000000000', 'hex'),
        Buffer.from([0x7f, 0, 0, 0]),
        headers(1, requestFields('/a/B')),
        data(1, ''),
      ]),
    );
    return socket;
  });
  await waitFor('the messages', () => made() >= 20 || undefined);
  const growth = (await memoryInUse()) - before;
  t.ok(made() >= 20 && made() <= 60, `${made()} messages were made for 20 clients`);
  t.ok(growth < 60 * MB, `${growth} bytes are held`);
  for (const socket of sockets) socket.destroy();
});

t.test('a relay between a fast server and a slow client', { timeout: TEST_LIMIT }, async t => {
  const { service, made } = source();
  const upstream = await startServer(t, service);
  const up = await dial(upstream.path, 1000);
  const relay: Service = path => ({
    kind: 'stream',
    handle: (requests, options) => up.stream(path, requests, options),
  });
  const { path } = await startServer(t, relay);
  const down = await dial(path, 1000);
  const before = await memoryInUse();
  const reader = down.stream('/a/B', [], callOptions())[Symbol.asyncIterator]();
  let most = 0;
  let ahead = 0;
  for (let read = 0; read < 40; read++) {
    await reader.next();
    await sleep(20);
    most = Math.max(most, (await memoryInUse()) - before);
    ahead = Math.max(ahead, made() - read);
  }
  t.ok(most < 40 * MB, `${most} bytes are held at most`);
  t.ok(ahead < 20, `the server is ahead by ${ahead} messages at most`);
  await reader.return?.();
  down.close();
  up.close();
});

t.test('200 replies of a megabyte to a client that does not read', async t => {
  const big = Buffer.alloc(MB, 'x');
  const { path } = await startServer(t, () => ({
    kind: 'unary',
    handle: async () => ({ message: big, headers: [], trailers: [] }),
  }));
  const before = await memoryInUse();
  const socket = connect(path);
  socket.pause();
  socket.write(
    Buffer.concat([
      hello,
      ...Array.from({ length: 200 }, (_, i) =>
        Buffer.concat([headers(2 * i + 1, requestFields('/a/B')), data(2 * i + 1, Buffer.alloc(5))]),
      ),
    ]),
  );
  await sleep(500);
  const growth = (await memoryInUse()) - before;
  t.ok(growth < 20 * MB, `${growth} bytes beside the replies themselves`);
  socket.destroy();
});

t.test('100 sessions come and go', async t => {
  const { path } = await startServer(t);
  const once = async () => {
    const session = await dial(path, 1000);
    await session.call('/test.Test/Echo', Buffer.alloc(1000), callOptions());
    session.close();
  };
  for (let i = 0; i < 20; i++) await once();
  const before = await memoryInUse();
  for (let i = 0; i < 100; i++) await once();
  // The last sessions are not closed yet.
  let growth = Number.POSITIVE_INFINITY;
  for (let tries = 0; growth > MB && tries < 50; tries++) growth = (await memoryInUse()) - before;
  t.ok(growth < MB, `${growth} bytes are left of them`);
});
