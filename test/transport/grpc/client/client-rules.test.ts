import t from 'tap';
import { Code } from '../../../../src/base/codes.ts';
import type { ProxyError } from '../../../../src/base/error.ts';
import { FrameType } from '../../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../../src/transport/http2/frames/settings.ts';
import { ok, started } from '../../support/answers.ts';
import { goAway, rstStream, settings } from '../../support/control-frames.ts';
import {
  data,
  endHeaders,
  frame,
  headers,
  message,
  noSettings,
  okFields,
  ping,
  responseFields,
  uint32,
  whole,
} from '../../support/frames.ts';
import { rawServer, requests } from '../../support/raw-client.ts';
import { callOptions } from '../../support/sockets.ts';

const answer = started(1);
const trailers = ok(1);
const reset = (code: string) => [`RstStream 1 ${code}`];
const lost = (code: string) => [`GoAway ${code}`];
const rst = (code: number) => rstStream(1, code);
const status = (value: string) => headers(1, [[':status', value]], whole);

/** The bytes of the server's answer to one call, the outcome of the call, and the RST_STREAM and GOAWAY of the client. */
type Row = readonly [
  title: string,
  bytes: readonly Buffer[],
  code: number,
  text: string | RegExp,
  sent: readonly string[],
];

const rows: Row[] = [
  ['an answer', [...answer, trailers], Code.OK, 'hello', []],
  ['1xx first', [headers(1, [[':status', '103']]), ...answer, trailers], Code.OK, 'hello', []],
  [
    'more than 16 responses with status 1xx',
    [Buffer.concat(Array.from({ length: 17 }, () => headers(1, [[':status', '103']]))), ...answer, trailers],
    Code.Internal,
    /more than 16 responses with status 1xx/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'a text that is longer than its kept part, before its status',
    [headers(1, [...responseFields, ['grpc-message', 'y'.repeat(9000)], ['grpc-status', '5'], ['x', 'y']], whole)],
    Code.NotFound,
    /^y{7000,8000}$/,
    [],
  ],
  [
    'two content-lengths',
    [headers(1, [...responseFields, ['content-length', '10'], ['content-length', '10']])],
    Code.Internal,
    /content-length twice/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'padding',
    [
      headers(1, responseFields),
      frame(FrameType.Data, 8, 1, Buffer.concat([Buffer.from([2]), message('hello'), Buffer.alloc(2)])),
      trailers,
    ],
    Code.OK,
    'hello',
    [],
  ],
  ['PING in between', [...answer, ping, trailers], Code.OK, 'hello', []],
  ['unknown frames in between', [...answer, frame(0x77, 1, 1, 'x'), trailers], Code.OK, 'hello', []],
  [
    'a status alone',
    [headers(1, [...responseFields, ['grpc-status', '5'], ['grpc-message', 'gone%21']], whole)],
    Code.NotFound,
    'gone!',
    [],
  ],
  [
    'a status alone that is OK',
    [headers(1, [...responseFields, ...okFields], whole)],
    Code.Internal,
    'the answer is not one whole message',
    [],
  ],
  ['no status', [...answer, headers(1, [], whole)], Code.Unknown, 'the answer has no status', []],
  [
    'a status that is no number',
    [...answer, headers(1, [['grpc-status', 'bad']], whole)],
    Code.Internal,
    'malformed grpc-status: bad',
    [],
  ],
  [
    'no trailers',
    [headers(1, responseFields), data(1, message('hello'))],
    Code.Internal,
    'the answer ended without a status',
    [],
  ],
  ['no message', [headers(1, responseFields), trailers], Code.Internal, 'the answer is not one whole message', []],
  [
    'two messages',
    [...answer, data(1, message('x'), 0), trailers],
    Code.Internal,
    'more than one message in the answer',
    reset('CANCEL'),
  ],
  [
    'half a message',
    [headers(1, responseFields), data(1, message('hello').subarray(0, 9), 0), trailers],
    Code.Internal,
    'the answer is not one whole message',
    [],
  ],
  [
    'a message flag of 9',
    [headers(1, responseFields), data(1, message('hello', 9), 0), trailers],
    Code.Internal,
    'a message with the unknown flag 9',
    reset('CANCEL'),
  ],
  [
    'compressed without encoding',
    [headers(1, responseFields), data(1, message('x', 1), 0), trailers],
    Code.Internal,
    'a compressed message without grpc-encoding',
    [],
  ],
  [
    'DATA before HEADERS',
    [data(1, message('x'), 0), headers(1, responseFields), trailers],
    Code.Internal,
    /DATA before HEADERS/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'another content-type',
    [
      headers(1, [
        [':status', '200'],
        ['content-type', 'text/html'],
      ]),
    ],
    Code.Unknown,
    'the answer is not gRPC, its content-type is text/html',
    reset('CANCEL'),
  ],
  ['HTTP 404', [status('404')], Code.Unimplemented, 'the answer has HTTP status 404 and no gRPC status', []],
  ['HTTP 401', [status('401')], Code.Unauthenticated, /401/, []],
  ['HTTP 403', [status('403')], Code.PermissionDenied, /403/, []],
  ['HTTP 400', [status('400')], Code.Internal, /400/, []],
  ['HTTP 429', [status('429')], Code.Unavailable, /429/, []],
  ['HTTP 502', [status('502')], Code.Unavailable, /502/, []],
  [
    'HTTP 503',
    [headers(1, [[':status', '503']]), data(1, 'sorry')],
    Code.Unavailable,
    'the answer has HTTP status 503',
    reset('CANCEL'),
  ],
  ['HTTP 504', [status('504')], Code.Unavailable, /504/, []],
  ['HTTP 500', [status('500')], Code.Unknown, /500/, []],
  [
    'HTTP 404 with a gRPC status',
    [
      headers(
        1,
        [
          [':status', '404'],
          ['grpc-status', '14'],
          ['grpc-message', 'x'],
        ],
        whole,
      ),
    ],
    Code.Unavailable,
    'x',
    [],
  ],
  [
    'no :status',
    [headers(1, [['content-type', 'application/grpc']])],
    Code.Internal,
    /no :status/,
    reset('PROTOCOL_ERROR'),
  ],
  ['a :status of 99', [headers(1, [[':status', '99']])], Code.Internal, /:status: 99/, reset('PROTOCOL_ERROR')],
  [
    ':path in an answer',
    [headers(1, [...responseFields, [':path', '/']])],
    Code.Internal,
    /:path out of place/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    ':status in trailers',
    [...answer, headers(1, [[':status', '200'], ...okFields], whole)],
    Code.Internal,
    /:status out of place/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'upper case in a name',
    [headers(1, [...responseFields, ['Foo', 'x']])],
    Code.Internal,
    /malformed header field/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'connection in an answer',
    [headers(1, [...responseFields, ['connection', 'close']])],
    Code.Internal,
    /does not belong/,
    reset('PROTOCOL_ERROR'),
  ],
  ['HEADERS in the middle', [...answer, headers(1, okFields)], Code.Internal, /in the middle/, reset('PROTOCOL_ERROR')],
  [
    'content-length too small',
    [headers(1, [...responseFields, ['content-length', '3']]), data(1, message('hello'), 0)],
    Code.Internal,
    /content-length 3/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'content-length too large',
    [headers(1, [...responseFields, ['content-length', '99']]), data(1, message('hello'), 0), trailers],
    Code.Internal,
    /content-length 99/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'content-length without content',
    [headers(1, [...responseFields, ...okFields, ['content-length', '9']], whole)],
    Code.Internal,
    /content-length 9/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'content-length in trailers',
    [...answer, headers(1, [...okFields, ['content-length', '10']], whole)],
    Code.Internal,
    /content-length in trailers/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    '1xx with END_STREAM',
    [headers(1, [[':status', '103']], whole)],
    Code.Internal,
    /ends with status 1xx/,
    reset('PROTOCOL_ERROR'),
  ],
  [
    'a header list too large',
    [headers(1, [...responseFields, ['x', 'y'.repeat(9000)]])],
    Code.ResourceExhausted,
    /header list/,
    reset('CANCEL'),
  ],
  [
    'a message too large',
    [headers(1, responseFields), data(1, Buffer.from([0, 0, 1, 0x86, 0xa1]), 0)],
    Code.ResourceExhausted,
    'message of 100001 bytes is larger than 100000',
    reset('CANCEL'),
  ],
  ['RST_STREAM NO_ERROR', [rst(0)], Code.Internal, 'the stream was reset: NO_ERROR', []],
  ['RST_STREAM PROTOCOL_ERROR', [rst(1)], Code.Internal, 'the stream was reset: PROTOCOL_ERROR', []],
  ['RST_STREAM INTERNAL_ERROR', [rst(2)], Code.Internal, /INTERNAL_ERROR/, []],
  ['RST_STREAM REFUSED_STREAM', [rst(7)], Code.Unavailable, 'the stream was reset: REFUSED_STREAM', []],
  ['RST_STREAM CANCEL', [rst(8)], Code.Cancelled, /CANCEL/, []],
  ['RST_STREAM ENHANCE_YOUR_CALM', [rst(11)], Code.ResourceExhausted, /ENHANCE_YOUR_CALM/, []],
  ['RST_STREAM INADEQUATE_SECURITY', [rst(12)], Code.PermissionDenied, /INADEQUATE_SECURITY/, []],
  ['RST_STREAM with 4711', [rst(4711)], Code.Unknown, 'the stream was reset: code 4711', []],
  ['RST_STREAM after half an answer', [...answer, rst(2)], Code.Internal, /INTERNAL_ERROR/, []],
  ['GOAWAY that covers the call', [goAway(1, 0, 'bye'), ...answer, trailers], Code.OK, 'hello', []],
  [
    'GOAWAY that does not',
    [goAway(0, 11, 'bye')],
    Code.Unavailable,
    'the call was not taken: GOAWAY ENHANCE_YOUR_CALM: bye',
    [],
  ],
  [
    'a header block that does not decode',
    [frame(FrameType.Headers, endHeaders, 1, '\xbe')],
    Code.Unavailable,
    /index 62/,
    lost('COMPRESSION_ERROR'),
  ],
  [
    'PUSH_PROMISE',
    [frame(FrameType.PushPromise, endHeaders, 1, uint32(2))],
    Code.Unavailable,
    /PUSH_PROMISE/,
    lost('PROTOCOL_ERROR'),
  ],
  [
    'ENABLE_PUSH of 1 from a server',
    [settings([SettingId.EnablePush, 1])],
    Code.Unavailable,
    /SETTINGS/,
    lost('PROTOCOL_ERROR'),
  ],
  [
    'HEADERS on a stream that was never opened',
    [headers(3, responseFields)],
    Code.Unavailable,
    /idle stream 3/,
    lost('PROTOCOL_ERROR'),
  ],
  [
    'HEADERS on an even stream',
    [headers(2, responseFields)],
    Code.Unavailable,
    /idle stream 2/,
    lost('PROTOCOL_ERROR'),
  ],
  [
    'HEADERS after the end',
    [...answer, trailers, headers(1, responseFields)],
    Code.OK,
    'hello',
    reset('STREAM_CLOSED'),
  ],
  ['DATA after the end', [...answer, trailers, data(1, 'x')], Code.OK, 'hello', reset('STREAM_CLOSED')],
];

/** Answers that the caller names as likely. No outcome depends on them. */
const likely: ReadonlyArray<readonly [what: string, answer: Buffer | undefined]> = [
  ['', undefined],
  [', which is likely', Buffer.from('hello')],
  [', where another is likely that begins the same', Buffer.from('help!')],
  [', where a longer one is likely', Buffer.from('hello, hello')],
];

for (const [title, bytes, code, text, sent, what, answer] of rows.flatMap(row =>
  likely.map(each => [...row, ...each] as const),
)) {
  t.test(`${title}${what}`, async t => {
    const limits = { maxHeaderListSize: 8000, maxMessageSize: 100_000 };
    const { peer, session } = await rawServer(noSettings, limits);
    const call = session.call('/a/B', Buffer.from('request'), { ...callOptions(), likely: answer }).then(
      reply => ({ code: Code.OK as number, text: reply.message.toString() }),
      (fault: ProxyError) => ({ code: fault.code, text: fault.message }),
    );
    await requests(peer, 1);
    peer.send(...bytes);
    const outcome = await call;
    t.equal(outcome.code, code);
    t.match(outcome.text, text);
    await new Promise(resolve => setImmediate(resolve));
    session.close();
    await peer.until(() => false);
    t.same(
      peer.summary().filter(word => /RstStream|GoAway/.test(word)),
      sent,
    );
  });
}

t.test('an answer with the bytes of the likely one is the same Buffer, for any cut', async t => {
  const hello = Buffer.from('hello');
  const framed = message('hello');
  for (let cut = 1; cut < framed.length; cut++) {
    const { peer, session } = await rawServer(noSettings);
    const call = session.call('/a/B', Buffer.from('request'), { ...callOptions(), likely: hello });
    await requests(peer, 1);
    peer.send(
      headers(1, responseFields),
      data(1, framed.subarray(0, cut), 0),
      data(1, framed.subarray(cut), 0),
      trailers,
    );
    t.equal((await call).message, hello, `after ${cut} bytes`);
    session.close();
  }
});
