import t from 'tap';
import { FrameType, preface } from '../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../src/transport/http2/frames/settings.ts';
import { priority, rstStream, settings, windowUpdate } from '../support/control-frames.ts';
import { data, headers, hello, message, ping, requestFields } from '../support/frames.ts';
import { rawClient } from '../support/raw-server.ts';

const CANCEL = 8;
const rst = (code = CANCEL) => rstStream(3, code);
const open = (method: string, more: Record<string, string> = {}) =>
  headers(3, requestFields(`/test.Test/${method}`, more));
const body = message('hello');

const answered = (stream: number) => [
  `Headers ${stream} :status=200`,
  `Data ${stream} 10`,
  `Headers ${stream} grpc-status=0 end`,
];
/** A status before the end of the request, which the client need not send then (RFC 9113 section 8.1). */
const early = (status: number) => [`Headers 3 :status=200 grpc-status=${status} end`, 'RstStream 3 NO_ERROR'];
const tooLate = ['Headers 3 :status=200 grpc-status=4 end'];
const closed = ['RstStream 3 STREAM_CLOSED'];

/** The frames of a client for the call on stream 3, in turns, and the frames that it gets. */
type Row = readonly [title: string, turns: ReadonlyArray<readonly Buffer[]>, want: readonly string[]];

const rows: Row[] = [
  ['RST_STREAM right after HEADERS', [[open('Echo'), rst()]], []],
  ['RST_STREAM a turn after HEADERS', [[open('Echo')], [rst()]], []],
  ['RST_STREAM in the middle of a message', [[open('Echo'), data(3, body.subarray(0, 7), 0), rst()]], []],
  [
    'RST_STREAM in the middle of the prefix of a message',
    [[open('Echo'), data(3, body.subarray(0, 2), 0)], [rst()]],
    [],
  ],
  ['RST_STREAM before the end of the request', [[open('Echo'), data(3, body, 0), rst()]], []],
  ['RST_STREAM twice', [[open('Hang'), rst(), rst()], [rst()]], []],
  ['RST_STREAM after END_STREAM', [[open('Hang'), data(3, body)], [rst()]], []],
  ['RST_STREAM after END_STREAM in the same turn', [[open('Echo'), data(3, body), rst()]], []],
  [
    'RST_STREAM after the answer',
    [
      [open('Echo'), data(3, body)],
      [rst(), rst(0)],
    ],
    answered(3),
  ],
  ['RST_STREAM in a stream of answers', [[open('EchoStream'), data(3, body, 0)], [rst()]], answered(3).slice(0, 2)],
  ...[0, 1, 2, 5, 7, 13, 14, 0x1234, 0xffffffff].map(
    (code): Row => [`RST_STREAM with code ${code}`, [[open('Hang'), data(3, body, 0), rst(code)]], []],
  ),
  [
    'WINDOW_UPDATE and PRIORITY after RST_STREAM',
    [[open('Hang'), rst(), windowUpdate(3, 9), priority(3)], [windowUpdate(3, 9)]],
    [],
  ],
  [
    'WINDOW_UPDATE and PRIORITY after the answer',
    [
      [open('Echo'), data(3, body)],
      [windowUpdate(3, 9), priority(3)],
    ],
    answered(3),
  ],
  ['DATA after RST_STREAM', [[open('Echo'), rst(), data(3, body, 0)], [data(3, body)]], closed],
  [
    'DATA after the answer',
    [
      [open('Echo'), data(3, body)],
      [data(3, body), data(3, '')],
    ],
    [...answered(3), ...closed],
  ],
  ...['n', 'u', 'm', 'S', 'M', 'H'].flatMap((unit): Row[] => [
    [`grpc-timeout of 0${unit}`, [[open('Echo', { 'grpc-timeout': `0${unit}` }), data(3, body)]], early(4)],
    [
      `grpc-timeout of 00000000${unit}, and RST_STREAM after its end`,
      [[open('Hang', { 'grpc-timeout': `00000000${unit}` })], [data(3, body), rst()]],
      early(4),
    ],
    [
      `grpc-timeout of nine digits and ${unit}`,
      [[open('Echo', { 'grpc-timeout': `100000000${unit}` }), data(3, body)]],
      early(13),
    ],
  ]),
  ...['m', 'S', 'M', 'H'].map(
    (unit): Row => [
      `grpc-timeout of 99999999${unit}`,
      [[open('Echo', { 'grpc-timeout': `99999999${unit}` }), data(3, body)]],
      answered(3),
    ],
  ),
  ...['n', '-1S', '1', '1x', '1.5S', '+1S', ' 1S', '1s'].map(
    (text): Row => [`grpc-timeout of "${text}"`, [[open('Echo', { 'grpc-timeout': text }), data(3, body)]], early(13)],
  ),
];

/** The words of one stream, and of the connection. */
const wordsOf = (words: readonly string[], stream: number) =>
  words.filter(word => word.split(' ')[1] === String(stream));

for (const [title, turns, want] of rows) {
  t.test(`${title}, beside another call`, async t => {
    const { peer, server } = rawClient();
    peer.send(hello, headers(1, requestFields('/test.Test/Echo')), data(1, body.subarray(0, 3), 0));
    for (const turn of turns) {
      peer.send(...turn);
      for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve));
    }
    peer.send(data(1, body.subarray(3)), ping);
    await peer.until(
      () => peer.words.includes('Headers 1 grpc-status=0 end') && wordsOf(peer.words, 3).length >= want.length,
    );
    t.same(wordsOf(peer.summary(), 1), answered(1), 'the other call');
    t.same(wordsOf(peer.summary(), 3), want);
    t.notOk(peer.closed || peer.summary().some(word => word.startsWith('GoAway')), 'the connection goes on');
    server.destroy('the test is over');
    peer.socket.destroy();
  });
}

for (const timeout of ['1n', '1u', '1m']) {
  t.test(`grpc-timeout of ${timeout} ends a call that hangs, and no other`, async t => {
    const { peer, server } = rawClient();
    peer.send(
      hello,
      headers(1, requestFields('/test.Test/Echo')),
      open('Hang', { 'grpc-timeout': timeout }),
      data(3, body),
    );
    await peer.until(() => peer.words.includes(tooLate[0]!));
    peer.send(data(1, body));
    await peer.until(() => peer.words.includes('Headers 1 grpc-status=0 end'));
    t.same(peer.summary(), [...tooLate, ...answered(1)]);
    server.destroy('the test is over');
    peer.socket.destroy();
  });
}

t.test('CANCEL while half of the answer is sent', async t => {
  const { peer, server } = rawClient();
  const small = settings([SettingId.InitialWindowSize, body.length]);
  peer.send(
    preface,
    small,
    headers(1, requestFields('/test.Test/Echo')),
    open('Echo'),
    data(3, message('x'.repeat(100))),
  );
  await peer.frame(({ type, streamId }) => type === FrameType.Data && streamId === 3);
  peer.send(rst(), windowUpdate(3, 9), data(1, body));
  await peer.until(() => peer.words.includes('Headers 1 grpc-status=0 end'));
  t.same(peer.summary(), ['Headers 3 :status=200', `Data 3 ${body.length}`, ...answered(1)]);
  server.destroy('the test is over');
  peer.socket.destroy();
});
