import t from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { FrameType } from '../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../src/transport/http2/frames/settings.ts';
import { ok } from '../support/answers.ts';
import { priority, rstStream, settings, windowUpdate } from '../support/control-frames.ts';
import { data, headers, message, responseFields } from '../support/frames.ts';
import { rawServer, requests } from '../support/raw-client.ts';
import { callOptions } from '../support/sockets.ts';

const answer = (stream: number) => [headers(stream, responseFields), data(stream, message('hello'), 0), ok(stream)];
const rst = (code: number) => rstStream(3, code);
const [headers3, data3, trailers3] = answer(3) as [Buffer, Buffer, Buffer];

/** The frames of a runtime for the call on stream 3, and the code of the call. */
type Row = readonly [title: string, bytes: readonly Buffer[], code: number];

/** The codes of grpc-go's http2ErrConvTab (internal/transport/http_util.go), except REFUSED_STREAM, which is sent again. */
const codes: ReadonlyArray<readonly [http2: number, grpc: number]> = [
  [0, Code.Internal],
  [1, Code.Internal],
  [2, Code.Internal],
  [3, Code.ResourceExhausted],
  [4, Code.Internal],
  [5, Code.Internal],
  [6, Code.Internal],
  [7, Code.Unavailable],
  [8, Code.Cancelled],
  [9, Code.Internal],
  [10, Code.Internal],
  [11, Code.ResourceExhausted],
  [12, Code.PermissionDenied],
  [0x1234, Code.Unknown],
  [0xffffffff, Code.Unknown],
];

const rows: Row[] = [
  ...codes.map(([http2, grpc]): Row => [`RST_STREAM with code ${http2} for an answer`, [rst(http2)], grpc]),
  ['RST_STREAM right after HEADERS', [headers3, rst(2)], Code.Internal],
  [
    'RST_STREAM in the middle of a message',
    [headers3, data(3, message('hello').subarray(0, 7), 0), rst(8)],
    Code.Cancelled,
  ],
  ['RST_STREAM NO_ERROR before the status', [headers3, data3, rst(0)], Code.Internal],
  ['RST_STREAM twice', [headers3, rst(8), rst(8), rst(0)], Code.Cancelled],
  ['RST_STREAM NO_ERROR after the answer', [headers3, data3, trailers3, rst(0)], Code.OK],
  ['CANCEL after the answer, twice', [headers3, data3, trailers3, rst(8), rst(8)], Code.OK],
  ['an unknown code after the answer', [headers3, data3, trailers3, rst(0xffffffff)], Code.OK],
  [
    'WINDOW_UPDATE and PRIORITY after the answer',
    [headers3, data3, trailers3, windowUpdate(3, 9), priority(3)],
    Code.OK,
  ],
  ['WINDOW_UPDATE and PRIORITY after RST_STREAM', [rst(2), windowUpdate(3, 9), priority(3)], Code.Internal],
  ['the answer after RST_STREAM', [rst(2), headers3, data3, trailers3], Code.Internal],
  ['the answer twice', [headers3, data3, trailers3, headers3, data3, trailers3], Code.OK],
  ['trailers twice', [headers3, data3, trailers3, trailers3], Code.OK],
  ['DATA after the answer', [headers3, data3, trailers3, data3, data(3, message('x'))], Code.OK],
];

for (const kind of ['call', 'stream'] as const) {
  for (const [title, bytes, code] of rows) {
    t.test(`${title}, to a ${kind} beside another call`, async t => {
      const { peer, session } = await rawServer();
      const other = session.call('/a/B', Buffer.from('1'), callOptions());
      const odd = outcome(async () => {
        if (kind === 'call') return (await session.call('/a/C', Buffer.from('3'), callOptions())).message;
        const messages: Buffer[] = [];
        for await (const each of session.stream('/a/C', [Buffer.from('3')], callOptions())) messages.push(each);
        return Buffer.concat(messages);
      });
      await requests(peer, 2);
      await peer.frame(({ type, flags, streamId }) => type === FrameType.Data && streamId === 3 && flags === 1);
      peer.send(...bytes, ...answer(1));
      t.equal((await other).message.toString(), 'hello', 'the other call');
      t.equal(await odd, code);
      const third = session.call('/a/B', Buffer.from('5'), callOptions());
      await requests(peer, 3);
      peer.send(...answer(5));
      t.equal((await third).message.toString(), 'hello', 'a call after it');
      session.close();
    });
  }
}

t.test('a call whose request is half sent is cancelled, or its deadline passes', async t => {
  const body = Buffer.from('hello');
  const small = settings([SettingId.InitialWindowSize, message(body).length]);
  for (const how of ['signal', 'deadline'] as const) {
    const { peer, session } = await rawServer(small);
    const controller = new AbortController();
    const options = how === 'signal' ? callOptions([], undefined, controller.signal) : callOptions([], 50);
    const other = session.call('/a/B', body, callOptions());
    const odd = outcome(() => session.call('/a/C', Buffer.alloc(100), options));
    await peer.frame(({ type, streamId }) => type === FrameType.Data && streamId === 3);
    if (how === 'signal') controller.abort();
    t.equal(await odd, how === 'signal' ? Code.Cancelled : Code.DeadlineExceeded);
    await peer.frame(({ type }) => type === FrameType.RstStream);
    // The runtime has sent these frames before RST_STREAM arrives.
    peer.send(windowUpdate(3, 9), ...answer(3), ...answer(1));
    t.equal((await other).message.toString(), 'hello', how);
    t.same(
      peer.summary().filter(word => /RstStream|GoAway/.test(word)),
      ['RstStream 3 CANCEL'],
    );
    session.close();
  }
});

t.test('calls with a deadline in the past, soon and far away', async t => {
  const { peer, session } = await rawServer();
  const other = session.call('/a/B', Buffer.from('1'), callOptions());
  for (const timeout of [0, -1, -1e12]) {
    t.equal(
      await outcome(() => session.call('/a/C', Buffer.from('x'), callOptions([], timeout))),
      Code.DeadlineExceeded,
    );
  }
  t.equal(await outcome(() => session.call('/a/C', Buffer.from('x'), callOptions([], 1e-3))), Code.DeadlineExceeded);
  const far = [1e9, 1e15, Number.MAX_VALUE].map(timeout =>
    session.call('/a/D', Buffer.from('x'), callOptions([], timeout)),
  );
  await peer.until(() => [...peer.paths.values()].filter(path => path === '/a/D').length === far.length);
  for (const [stream, path] of peer.paths) if (path !== '/a/C') peer.send(...answer(stream));
  for (const call of [other, ...far]) t.equal((await call).message.toString(), 'hello');
  session.close();
});

t.test('CANCEL of a runtime whose clock is faster is the deadline', async t => {
  const { peer, session } = await rawServer();
  const call = outcome(() => session.call('/a/B', Buffer.from('x'), callOptions([], 100)));
  const end = performance.now() + 101;
  await requests(peer, 1);
  // No timer runs before the frame is read.
  while (performance.now() < end);
  peer.send(rstStream(1));
  t.equal(await call, Code.DeadlineExceeded);
  session.close();
});

/** The gRPC code of a call's outcome. */
async function outcome(call: () => Promise<unknown>): Promise<number> {
  return call().then(
    () => Code.OK,
    fault => fault.code,
  );
}
