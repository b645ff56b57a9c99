import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Flag, FrameType, preface } from '../../../src/transport/http2/frames/frame.ts';
import type { Limits } from '../../../src/transport/http2/limits.ts';
import { TEST_LIMIT } from '../../support/require.ts';
import { noWindow, priority, rstStream, windowUpdate } from '../support/control-frames.ts';
import { echo } from '../support/echo.ts';
import { data, frame, headers, hello, message, noSettings, ping, requestFields, whole } from '../support/frames.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { ForeignClient, startServer } from '../support/sockets.ts';

const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + 2 * i);
const hang = requestFields('/test.Test/Hang');
const repeat = (bytes: Buffer) => Buffer.concat(Array(200).fill(bytes));
const tableFill = Buffer.concat([Buffer.from('4001617fa11e', 'hex'), Buffer.alloc(4000, 'x')]);

/** The flood of a client: its first bytes, then the bytes of its `n`th burst, until it is cut off. */
interface Flood {
  readonly title: string;
  readonly limits?: Partial<Limits>;
  readonly begin: Buffer;
  readonly burst: (n: number) => Buffer;
  /** The client does not read. */
  readonly deaf?: boolean;
}

const floods: Flood[] = [
  {
    title: 'rapid reset (CVE-2023-44487)',
    begin: hello,
    burst: n => Buffer.concat(ids(1 + 400 * n, 200).map(id => Buffer.concat([headers(id, hang), rstStream(id)]))),
  },
  {
    title: 'streams that we have to reset (CVE-2025-8671)',
    begin: hello,
    burst: n => Buffer.concat(ids(1 + 400 * n, 200).map(id => Buffer.concat([headers(id, hang), windowUpdate(id, 0)]))),
  },
  { title: 'PING (CVE-2019-9512)', begin: hello, burst: () => repeat(ping) },
  { title: 'PING without reading', begin: hello, burst: () => repeat(ping), deaf: true },
  { title: 'SETTINGS (CVE-2019-9515)', begin: hello, burst: () => repeat(noSettings) },
  { title: 'acknowledgements of SETTINGS', begin: hello, burst: () => repeat(frame(FrameType.Settings, Flag.Ack, 0)) },
  {
    title: 'CONTINUATION (CVE-2024-27316)',
    begin: Buffer.concat([hello, frame(FrameType.Headers, Flag.EndStream, 1, 'x')]),
    burst: () => repeat(frame(FrameType.Continuation, 0, 1, 'x'.repeat(100))),
  },
  {
    title: 'empty CONTINUATION',
    begin: Buffer.concat([hello, frame(FrameType.Headers, Flag.EndStream, 1, 'x')]),
    burst: () => repeat(frame(FrameType.Continuation, 0, 1)),
  },
  {
    title: 'empty DATA (CVE-2019-9518)',
    begin: Buffer.concat([hello, headers(1, hang)]),
    burst: () => repeat(data(1, '', 0)),
  },
  { title: 'PRIORITY', begin: hello, burst: () => repeat(priority(1)) },
  { title: 'WINDOW_UPDATE', begin: hello, burst: () => repeat(windowUpdate(0, 1)) },
  { title: 'frames of unknown types', begin: hello, burst: () => repeat(frame(0x99, 0xff, 1, 'x')) },
  {
    title: 'an HPACK bomb (CVE-2016-6581)',
    begin: Buffer.concat([hello, frame(FrameType.Headers, whole, 1, tableFill)]),
    burst: n => frame(FrameType.Headers, whole, 3 + 2 * n, Buffer.alloc(16_000, 0xbe)),
  },
  {
    title: 'more streams than we allow',
    limits: { maxConcurrentStreams: 100 },
    begin: hello,
    burst: n => Buffer.concat(ids(1 + 400 * n, 200).map(id => headers(id, hang))),
  },
  {
    title: 'answers that are not read (CVE-2019-9517)',
    begin: hello,
    burst: n =>
      Buffer.concat(ids(1 + 400 * n, 200).map(id => headers(id, requestFields(`/none/${'x'.repeat(500)}`), whole))),
    deaf: true,
  },
  {
    title: 'a preface that does not end',
    limits: { handshakeTimeout: 300, sweepInterval: 50 },
    begin: preface.subarray(0, 5),
    burst: () => Buffer.alloc(0),
  },
  {
    title: 'a frame that comes byte by byte',
    limits: { frameTimeout: 300, sweepInterval: 50 },
    begin: Buffer.concat([hello, ping.subarray(0, 9)]),
    burst: n => Buffer.from(n < 7 ? 'x' : ''),
  },
];

/** Floods until the server ends the connection. Resolves with the number of connections that ended with ENHANCE_YOUR_CALM. */
async function flood(t: Test, path: string, { begin, burst, deaf = false }: Flood): Promise<RawPeer> {
  const socket = connect(path);
  t.teardown(() => socket.destroy());
  const peer = new RawPeer(socket);
  if (deaf) socket.pause();
  peer.send(begin);
  for (let n = 0; !peer.closed && n < 20_000; n++) {
    const bytes = burst(n);
    if (bytes.length > 0 && !socket.write(bytes) && !deaf)
      await Promise.race([new Promise(resolve => socket.once('drain', resolve)), peer.until(() => false)]);
    // A paused socket notices its end by a write only.
    await sleep(bytes.length === 0 || n % 10 === 0 ? 1 : 0);
  }
  return peer;
}

for (const row of floods) {
  t.test(row.title, { timeout: TEST_LIMIT }, async t => {
    const { path } = await startServer(t, echo, row.limits);
    const other = new ForeignClient(t, path);
    await other.unary('/test.Test/Echo', Buffer.from('first'));
    let flooding = true;
    const flooded = flood(t, path, row).finally(() => {
      flooding = false;
    });
    const times: number[] = [];
    let failed = 0;
    while (flooding || times.length < 20) {
      const start = performance.now();
      const { code } = await other.unary('/test.Test/Echo', Buffer.from('me too'));
      times.push(performance.now() - start);
      if (code !== 0) failed++;
    }
    const peer = await flooded;
    peer.socket.resume();
    await peer.until(() => false);
    t.equal(peer.closed, true, 'the flooder is cut off');
    const why = peer.summary().filter(word => word.startsWith('GoAway'));
    t.same(row.deaf ? [] : why, row.deaf ? [] : ['GoAway ENHANCE_YOUR_CALM']);
    t.equal(failed, 0, `${times.length} calls of another client are answered`);
    const median = times.sort((a, b) => a - b)[times.length >> 1]!;
    t.ok(median < 500, `in ${median} ms`);
  });
}

t.test('a zero-window stall (CVE-2019-9511) costs its calls', { timeout: TEST_LIMIT }, async t => {
  const { path } = await startServer(t, echo, { stallTimeout: 300, sweepInterval: 50 });
  const other = new ForeignClient(t, path);
  const peer = new RawPeer(connect(path));
  t.teardown(() => peer.socket.destroy());
  const ask = (id: number) =>
    Buffer.concat([headers(id, requestFields('/test.Test/Echo')), data(id, message(Buffer.alloc(10_000)))]);
  peer.send(Buffer.concat([preface, noWindow, ...ids(1, 200).map(ask)]));
  const resets = () => peer.summary().filter(word => word.endsWith('ENHANCE_YOUR_CALM'));
  await peer.until(() => resets().length === 200);
  t.match(resets()[0], /^RstStream/);
  t.equal((await other.unary('/test.Test/Echo', Buffer.from('me too'))).code, 0);
});

t.test('500 silent connections', { timeout: TEST_LIMIT }, async t => {
  const { path } = await startServer(t, echo, { handshakeTimeout: 300, sweepInterval: 50 });
  const other = new ForeignClient(t, path);
  const peers = Array.from({ length: 500 }, () => new RawPeer(connect(path)));
  for (let i = 0; i < 50; i++) t.equal((await other.unary('/test.Test/Echo', Buffer.from('x'))).code, 0);
  await Promise.all(peers.map(peer => peer.until(() => false)));
  t.equal(peers.filter(peer => peer.summary().join() === 'GoAway ENHANCE_YOUR_CALM').length, 500);
});
