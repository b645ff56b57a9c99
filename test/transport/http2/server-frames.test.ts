import t from 'tap';
import { Flag, FrameType, preface } from '../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../src/transport/http2/frames/settings.ts';
import { goAway, priority, rstStream, settings, windowUpdate } from '../support/control-frames.ts';
import {
  block,
  data,
  endHeaders,
  frame,
  headers,
  hello,
  message,
  noSettings,
  ping,
  requestFields,
  uint32,
  whole,
} from '../support/frames.ts';
import { converse, rawClient } from '../support/raw-server.ts';

import { answered, echoFields, hang, lost, open, request, reset, type ServerRow } from '../support/server-row.ts';

const rows: ServerRow[] = [
  ['3.4 a request is answered', [hello, request], answered],
  ['3.4 HTTP/1.1 is no preface', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], lost('PROTOCOL_ERROR')],
  ['3.4 a preface wrong in its last byte', [preface.subarray(0, 23), Buffer.from('x')], lost('PROTOCOL_ERROR')],
  ['3.4 no SETTINGS after the preface', [preface, ping], lost('PROTOCOL_ERROR')],
  ['3.4 HEADERS before SETTINGS', [preface, request], lost('PROTOCOL_ERROR')],
  [
    '3.4 an acknowledgement is not the first SETTINGS',
    [preface, frame(FrameType.Settings, 1, 0)],
    lost('PROTOCOL_ERROR'),
  ],
  [
    '4.1 the reserved bit of a stream id is ignored',
    [hello, headers(0x80000001 >>> 0, echoFields), data(1, message('hello'))],
    answered,
  ],
  [
    '4.1 unknown flags are ignored',
    [hello, headers(1, echoFields, 0xd2 | (endHeaders & ~0x28)), data(1, message('hello'))],
    answered,
  ],
  ['4.1 a frame of an unknown type is ignored', [hello, frame(0xbe, 0xff, 7, 'what'), request], answered],
  [
    '4.2 a frame above SETTINGS_MAX_FRAME_SIZE',
    [hello, frame(FrameType.Data, 0, 1, Buffer.alloc(16385))],
    lost('FRAME_SIZE_ERROR'),
  ],
  [
    '4.3 a header block that does not decode',
    [hello, frame(FrameType.Headers, whole, 1, '\xff\xff\xff\xff\xff\xff')],
    lost('COMPRESSION_ERROR'),
  ],
  ['5.1 DATA on an idle stream', [hello, data(1, message(''))], lost('PROTOCOL_ERROR')],
  ['5.1 WINDOW_UPDATE on an idle stream', [hello, windowUpdate(1, 1)], lost('PROTOCOL_ERROR')],
  ['5.1 RST_STREAM on an idle stream', [hello, rstStream(1)], lost('PROTOCOL_ERROR')],
  ['5.1 PRIORITY on an idle stream', [hello, priority(9), request], answered],
  [
    '5.1 DATA on a half-closed stream',
    [hello, hang, data(1, message('')), data(1, message(''))],
    reset('STREAM_CLOSED'),
  ],
  [
    '5.1 HEADERS on a half-closed stream',
    [hello, hang, data(1, message('')), headers(1, [], whole)],
    reset('STREAM_CLOSED'),
  ],
  ['5.1 WINDOW_UPDATE on a half-closed stream', [hello, hang, data(1, message('')), windowUpdate(1, 1)], []],
  ['5.1 RST_STREAM on a half-closed stream', [hello, hang, data(1, message('')), rstStream(1)], []],
  [
    '5.1 DATA after RST_STREAM of the same peer',
    [hello, hang, rstStream(1), data(1, message(''))],
    reset('STREAM_CLOSED'),
  ],
  ['5.1 WINDOW_UPDATE after RST_STREAM', [hello, hang, rstStream(1), windowUpdate(1, 1)], []],
  [
    '5.1 DATA on its way to a stream that we have reset',
    [hello, headers(1, [[':method', 'POST']]), data(1, message(''), 0), data(1, message(''))],
    reset('PROTOCOL_ERROR'),
  ],
  ['5.1.1 an even stream id', [hello, headers(2, echoFields)], lost('PROTOCOL_ERROR')],
  ['5.1.1 stream id 0', [hello, headers(0, echoFields)], lost('PROTOCOL_ERROR')],
  [
    '5.1.1 a stream id that was skipped',
    [hello, headers(5, requestFields('/test.Test/Hang')), headers(3, echoFields)],
    lost('STREAM_CLOSED'),
  ],
  ['5.4.1 nothing is answered after GOAWAY', [hello, headers(0, echoFields), request], lost('PROTOCOL_ERROR')],
  ['6.1 DATA on stream 0', [hello, data(0, message(''))], lost('PROTOCOL_ERROR')],
  [
    '6.1 padding is cut off',
    [hello, open, frame(FrameType.Data, 9, 1, Buffer.concat([Buffer.from([3]), message('hello'), Buffer.alloc(3)]))],
    answered,
  ],
  [
    '6.1 padding as long as the frame',
    [hello, open, frame(FrameType.Data, 9, 1, Buffer.from([3, 0, 0]))],
    lost('PROTOCOL_ERROR'),
  ],
  ['6.1 padded DATA without a length', [hello, open, frame(FrameType.Data, 9, 1)], lost('PROTOCOL_ERROR')],
  [
    '6.1 a message in many frames',
    [hello, open, ...Array.from(message('hello'), octet => data(1, Buffer.from([octet]), 0)), data(1, '')],
    answered,
  ],
  [
    '6.2 padding and priority of HEADERS are cut off',
    [
      hello,
      frame(
        FrameType.Headers,
        endHeaders | 0x28,
        1,
        Buffer.concat([Buffer.from([2]), Buffer.alloc(5), block(echoFields), Buffer.alloc(2)]),
      ),
      data(1, message('hello')),
    ],
    answered,
  ],
  [
    '6.2 padding longer than HEADERS',
    [hello, frame(FrameType.Headers, whole | 8, 1, Buffer.from([9, 0, 0]))],
    lost('PROTOCOL_ERROR'),
  ],
  ['6.2 padded HEADERS without a length', [hello, frame(FrameType.Headers, whole | 8, 1)], lost('FRAME_SIZE_ERROR')],
  [
    '6.2 priority longer than HEADERS',
    [hello, frame(FrameType.Headers, whole | 0x20, 1, Buffer.alloc(4))],
    lost('PROTOCOL_ERROR'),
  ],
  ['6.3 PRIORITY on stream 0', [hello, priority(0)], lost('PROTOCOL_ERROR')],
  [
    '6.3 PRIORITY of 4 bytes',
    [hello, hang, frame(FrameType.Priority, 0, 1, Buffer.alloc(4))],
    reset('FRAME_SIZE_ERROR'),
  ],
  ['6.4 RST_STREAM on stream 0', [hello, rstStream(0, 0)], lost('PROTOCOL_ERROR')],
  [
    '6.4 RST_STREAM of 3 bytes',
    [hello, hang, frame(FrameType.RstStream, 0, 1, Buffer.alloc(3))],
    lost('FRAME_SIZE_ERROR'),
  ],
  ['6.5 SETTINGS on a stream', [hello, frame(FrameType.Settings, 0, 1)], lost('PROTOCOL_ERROR')],
  ['6.5 SETTINGS of 5 bytes', [hello, frame(FrameType.Settings, 0, 0, Buffer.alloc(5))], lost('FRAME_SIZE_ERROR')],
  [
    '6.5 an acknowledgement with a payload',
    [hello, frame(FrameType.Settings, 1, 0, Buffer.alloc(6))],
    lost('FRAME_SIZE_ERROR'),
  ],
  ['6.5 SETTINGS in the middle', [hello, open, noSettings, data(1, message('hello'))], answered],
  ['6.5.2 ENABLE_PUSH of 2', [preface, settings([SettingId.EnablePush, 2])], lost('PROTOCOL_ERROR')],
  [
    '6.5.2 INITIAL_WINDOW_SIZE above 2^31-1',
    [preface, settings([SettingId.InitialWindowSize, 0x80000000])],
    lost('FLOW_CONTROL_ERROR'),
  ],
  ['6.5.2 MAX_FRAME_SIZE below 16384', [preface, settings([SettingId.MaxFrameSize, 16383])], lost('PROTOCOL_ERROR')],
  ['6.5.2 MAX_FRAME_SIZE above 2^24-1', [preface, settings([SettingId.MaxFrameSize, 1 << 24])], lost('PROTOCOL_ERROR')],
  ['6.5.2 an unknown setting is ignored', [preface, settings([0x99, 1]), request], answered],
  ['6.6 PUSH_PROMISE from a client', [hello, frame(FrameType.PushPromise, 4, 1, uint32(2))], lost('PROTOCOL_ERROR')],
  ['6.7 PING on a stream', [hello, frame(FrameType.Ping, 0, 1, Buffer.alloc(8))], lost('PROTOCOL_ERROR')],
  ['6.7 PING of 7 bytes', [hello, frame(FrameType.Ping, 0, 0, Buffer.alloc(7))], lost('FRAME_SIZE_ERROR')],
  ['6.8 GOAWAY on a stream', [hello, frame(FrameType.GoAway, 0, 1, Buffer.alloc(8))], lost('PROTOCOL_ERROR')],
  ['6.8 GOAWAY of 7 bytes', [hello, frame(FrameType.GoAway, 0, 0, Buffer.alloc(7))], lost('FRAME_SIZE_ERROR')],
  ['6.8 GOAWAY of a client leaves its calls alone', [hello, goAway(0), request], answered],
  [
    '6.9 WINDOW_UPDATE of 3 bytes',
    [hello, frame(FrameType.WindowUpdate, 0, 0, Buffer.alloc(3))],
    lost('FRAME_SIZE_ERROR'),
  ],
  ['6.9 WINDOW_UPDATE of 0 on a stream', [hello, hang, windowUpdate(1, 0)], reset('PROTOCOL_ERROR')],
  ['6.9 WINDOW_UPDATE of 0 on the connection', [hello, windowUpdate(0, 0)], lost('PROTOCOL_ERROR')],
  ['6.9.1 a stream window above 2^31-1', [hello, hang, windowUpdate(1, 0x7fffffff)], reset('FLOW_CONTROL_ERROR')],
  ['6.9.1 a connection window above 2^31-1', [hello, windowUpdate(0, 0x7fffffff)], lost('FLOW_CONTROL_ERROR')],
  [
    '6.9.2 SETTINGS that make a stream window overflow',
    [hello, hang, windowUpdate(1, 0x7fff0000), settings([SettingId.InitialWindowSize, 0x7fffffff])],
    lost('FLOW_CONTROL_ERROR'),
  ],
  ['6.10 CONTINUATION without HEADERS', [hello, frame(FrameType.Continuation, 4, 1)], lost('PROTOCOL_ERROR')],
  [
    '6.10 a header block in three frames',
    [
      hello,
      frame(FrameType.Headers, 0, 1, block(echoFields).subarray(0, 9)),
      frame(FrameType.Continuation, 0, 1, block(echoFields).subarray(9, 50)),
      frame(FrameType.Continuation, 4, 1, block(echoFields).subarray(50)),
      data(1, message('hello')),
    ],
    answered,
  ],
  [
    '6.10 DATA within a header block',
    [hello, frame(FrameType.Headers, 0, 1, block(echoFields)), data(1, message(''))],
    lost('PROTOCOL_ERROR'),
  ],
  [
    '6.10 PING within a header block',
    [hello, frame(FrameType.Headers, 0, 1, block(echoFields)), ping],
    lost('PROTOCOL_ERROR'),
  ],
  [
    '6.10 CONTINUATION of another stream',
    [hello, frame(FrameType.Headers, 0, 1, block(echoFields)), frame(FrameType.Continuation, 4, 3)],
    lost('PROTOCOL_ERROR'),
  ],
];

for (const [title, bytes, want] of rows) {
  t.test(title, async t => {
    t.same(await converse(Buffer.concat(bytes)), want);
  });
}

t.test('one byte at a time, nothing changes', async t => {
  const { peer, server } = rawClient();
  for (const octet of Buffer.concat([hello, request, ping])) peer.send(Buffer.from([octet]));
  await peer.frame(({ type, flags }) => type === FrameType.Ping && flags === Flag.Ack);
  await peer.until(() => peer.summary().length === answered.length);
  t.same(peer.summary(), answered);
  server.destroy('the test is over');
});
