import t from 'tap';
import { Flag, FrameType } from '../../../src/transport/http2/frames/frame.ts';
import type { Limits } from '../../../src/transport/http2/limits.ts';
import { goAway, noWindow, priority, rstStream, windowUpdate } from '../support/control-frames.ts';
import {
  block,
  data,
  frame,
  headers,
  hello,
  message,
  noSettings,
  ping,
  requestFields,
  whole,
} from '../support/frames.ts';
import { converse, rawClient } from '../support/raw-server.ts';

const many = (count: number, make: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
const hangs = (count: number) =>
  many(count, i => Buffer.concat([headers(2 * i + 1, requestFields('/test.Test/Hang')), data(2 * i + 1, message(''))]));
const bare = (id: number) => headers(id, [], whole);
const calm = ['GoAway ENHANCE_YOUR_CALM'];

/** The header block of a request with this many bytes. */
function blockOf(size: number): Buffer {
  const fill = (length: number) => block([...requestFields('/test.Test/None'), ['x', 'y'.repeat(length)]]);
  return fill(5000 + size - fill(5000).length);
}

/** The limit itself, and one more. */
const rows: ReadonlyArray<
  readonly [
    title: string,
    limits: Partial<Limits>,
    bytes: (count: number) => Buffer,
    most: number,
    fine: readonly string[],
  ]
> = [
  ['PING', { pingBurst: 20, pingRate: 0 }, n => many(n, () => ping), 19, []],
  ['SETTINGS', { settingsBurst: 20, settingsRate: 0 }, n => many(n, () => noSettings), 19, []],
  [
    'acknowledgements of SETTINGS',
    { settingsBurst: 20, settingsRate: 0 },
    n => many(n, () => frame(FrameType.Settings, Flag.Ack, 0)),
    19,
    [],
  ],
  [
    'empty DATA',
    { idleFrameBurst: 20, idleFrameRate: 0 },
    n => Buffer.concat([hangs(1).subarray(0, -14), many(n, () => data(1, '', 0))]),
    20,
    [],
  ],
  ['WINDOW_UPDATE', { idleFrameBurst: 20, idleFrameRate: 0 }, n => many(n, () => windowUpdate(0, 1)), 20, []],
  ['PRIORITY', { idleFrameBurst: 20, idleFrameRate: 0 }, n => many(n, () => priority(1)), 20, []],
  ['unknown frames', { idleFrameBurst: 20, idleFrameRate: 0 }, n => many(n, () => frame(0x42, 0, 0, 'x')), 20, []],
  ['GOAWAY', { idleFrameBurst: 20, idleFrameRate: 0 }, n => many(n, () => goAway(0)), 20, []],
  [
    'rapid reset',
    { resetBurst: 20, resetRate: 0 },
    n => many(n, i => Buffer.concat([headers(2 * i + 1, requestFields('/test.Test/Hang')), rstStream(2 * i + 1)])),
    20,
    [],
  ],
  [
    'streams that we have to reset',
    { resetBurst: 20, resetRate: 0 },
    n => many(n, i => bare(2 * i + 1)),
    20,
    Array.from({ length: 20 }, (_, i) => `RstStream ${2 * i + 1} PROTOCOL_ERROR`),
  ],
  [
    'streams that are refused',
    { resetBurst: 3, resetRate: 0, maxConcurrentStreams: 5 },
    hangs,
    8,
    [11, 13, 15].map(id => `RstStream ${id} REFUSED_STREAM`),
  ],
  [
    'CONTINUATION',
    { maxContinuations: 20 },
    n =>
      Buffer.concat([
        frame(FrameType.Headers, Flag.EndStream, 1, block(requestFields('/test.Test/None'))),
        many(n - 1, () => frame(FrameType.Continuation, 0, 1)),
        frame(FrameType.Continuation, 4, 1),
      ]),
    20,
    ['Headers 1 :status=200 grpc-status=12 end'],
  ],
  [
    'a header block',
    { maxHeaderBlockSize: 10_000 },
    n =>
      Buffer.concat([
        frame(FrameType.Headers, Flag.EndStream, 1, blockOf(n).subarray(0, 50)),
        frame(FrameType.Continuation, 4, 1, blockOf(n).subarray(50)),
      ]),
    10_000,
    ['Headers 1 :status=200 grpc-status=12 end'],
  ],
];

for (const [title, limits, bytes, most, fine] of rows) {
  t.test(`${title}: ${most} is fine`, async t => {
    t.same(await converse(Buffer.concat([hello, bytes(most)]), { ...limits, linger: 1 }), fine);
  });
  t.test(`${title}: ${most + 1} is too much`, async t => {
    const got = await converse(Buffer.concat([hello, bytes(most + 1)]), { ...limits, linger: 1 });
    t.same(got.slice(-1), calm);
  });
}

t.test('an HPACK bomb', async t => {
  const first = frame(
    FrameType.Headers,
    whole,
    1,
    Buffer.concat([Buffer.from('400161', 'hex'), Buffer.from([0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 'x')]),
  );
  const bomb = frame(FrameType.Headers, whole, 3, Buffer.alloc(16_000, 0xbe));
  t.same(await converse(Buffer.concat([hello, first, bomb])), ['RstStream 1 PROTOCOL_ERROR', ...calm]);
});

t.test('a header list above the limit fails its call only', async t => {
  const large = headers(1, [...requestFields('/test.Test/Echo'), ['x', 'y'.repeat(5000)]], whole);
  const small = Buffer.concat([headers(3, requestFields('/test.Test/Echo')), data(3, message('x'))]);
  t.same(await converse(Buffer.concat([hello, large, small]), { maxHeaderListSize: 4000 }), [
    'Headers 1 :status=200 grpc-status=8 end',
    'Headers 3 :status=200',
    'Data 3 6',
    'Headers 3 grpc-status=0 end',
  ]);
});

t.test('messages that do not end', async t => {
  const begin = (id: number) =>
    Buffer.concat([
      headers(id, requestFields('/test.Test/Echo')),
      data(id, message(Buffer.alloc(400_000)).subarray(0, 100), 0),
    ]);
  const got = await converse(Buffer.concat([hello, begin(1), begin(3), begin(5)]), { maxHeld: 1_400_000 });
  t.same(got, ['Headers 5 :status=200 grpc-status=8 end', 'RstStream 5 NO_ERROR']);
});

t.test('a message above the limit fails its call', async t => {
  const got = await converse(
    Buffer.concat([hello, headers(1, requestFields('/test.Test/Echo')), data(1, message(Buffer.alloc(1001)))]),
    { maxMessageSize: 1000 },
  );
  t.same(got, ['Headers 1 :status=200 grpc-status=8 end', 'RstStream 1 NO_ERROR']);
  const stream = await converse(
    Buffer.concat([hello, headers(1, requestFields('/test.Test/EchoStream')), data(1, message(Buffer.alloc(1001)), 0)]),
    { maxMessageSize: 1000 },
  );
  t.same(stream, ['Headers 1 :status=200 grpc-status=8 end', 'RstStream 1 NO_ERROR']);
});

t.test('replies that the client does not read', async t => {
  const ask = (id: number) =>
    Buffer.concat([
      headers(id, requestFields('/test.Test/Echo')),
      ...Array.from({ length: 10 }, (_, i) =>
        data(id, message(Buffer.alloc(99_995)).subarray(i * 10_000, (i + 1) * 10_000), i < 9 ? 0 : Flag.EndStream),
      ),
    ]);
  const closed = Buffer.concat([hello, noWindow]);
  // Each call holds its request and its answer; a quarter is for small messages.
  const got = await converse(Buffer.concat([closed, ask(1), ask(3), ask(5)]), { maxHeld: 700_000 });
  t.same(got, ['Headers 1 :status=200', 'Headers 3 :status=200', 'Headers 5 :status=200 grpc-status=8 end']);
  const more = await converse(Buffer.concat([closed, ask(1), ask(3), ask(5)]), { maxHeld: 1_000_000 });
  t.same(more, ['Headers 1 :status=200', 'Headers 3 :status=200', 'Headers 5 :status=200']);
});

/** Limits of time: the bytes of the client, and the frames of the server after the sweeps. */
const times: ReadonlyArray<readonly [title: string, limits: Partial<Limits>, bytes: Buffer, want: readonly string[]]> =
  [
    ['no preface', { handshakeTimeout: 50 }, Buffer.alloc(0), calm],
    ['half a preface', { handshakeTimeout: 50 }, hello.subarray(0, 12), calm],
    ['a preface without SETTINGS', { handshakeTimeout: 50 }, hello.subarray(0, 24), calm],
    ['half a frame', { frameTimeout: 50 }, Buffer.concat([hello, ping.subarray(0, 12)]), calm],
    ['half a frame header', { frameTimeout: 50 }, Buffer.concat([hello, ping.subarray(0, 3)]), calm],
    ['half a header block', { frameTimeout: 50 }, Buffer.concat([hello, frame(FrameType.Headers, 0, 1, 'x')]), calm],
    [
      'half a DATA frame',
      { frameTimeout: 50 },
      Buffer.concat([hello, headers(1, requestFields('/test.Test/Echo')), data(1, message('hello')).subarray(0, 12)]),
      calm,
    ],
    ['nothing at all', { idleTimeout: 50 }, hello, ['GoAway NO_ERROR']],
  ];

for (const [title, limits, bytes, want] of times) {
  t.test(`${title}, too long`, async t => {
    const { peer, server } = rawClient(limits);
    peer.send(bytes);
    const sweeper = setInterval(() => server.sweep(performance.now()), 5);
    t.teardown(() => clearInterval(sweeper));
    await peer.until(() => false);
    t.same(peer.summary(), want);
  });
}

const begun = (path: string) => Buffer.concat([headers(1, requestFields(path)), data(1, message('hello'), 0)]);
const half = (path: string) =>
  Buffer.concat([headers(1, requestFields(path)), data(1, message('hello').subarray(0, 7), 0)]);

/** The bytes of a call that stalls. Only this call is reset. */
const stalls: ReadonlyArray<readonly [title: string, bytes: Buffer, before: readonly string[]]> = [
  [
    'an answer without a window',
    Buffer.concat([noWindow, headers(1, requestFields('/test.Test/Echo')), data(1, message('x'))]),
    ['Headers 1 :status=200'],
  ],
  ['a request that has not begun', headers(1, requestFields('/test.Test/Echo')), []],
  ['half a request', half('/test.Test/Echo'), []],
  ['a request without an end', begun('/test.Test/Echo'), []],
  ['half a message of a stream', half('/test.Test/EchoStream'), ['Headers 1 :status=200']],
];

for (const [title, bytes, before] of stalls) {
  t.test(`${title}, too long`, async t => {
    const { peer, server } = rawClient({ stallTimeout: 50 });
    t.teardown(() => server.destroy('the test is over'));
    peer.send(Buffer.concat([hello, bytes]));
    const sweeper = setInterval(() => server.sweep(performance.now()), 5);
    t.teardown(() => clearInterval(sweeper));
    await peer.until(() => peer.frames.some(({ type }) => type === FrameType.RstStream));
    t.same(peer.summary(), [...before, 'RstStream 1 ENHANCE_YOUR_CALM']);
    peer.send(Buffer.concat([headers(3, requestFields('/test.Test/Hang')), ping]));
    await peer.until(() => peer.frames.some(({ type }) => type === FrameType.Ping));
    t.equal(peer.closed, false, 'the connection is left alone');
  });
}

t.test('single bytes are too slow, a message that moves is not', async t => {
  const { peer, server } = rawClient({ stallTimeout: 100, minProgress: 1000 });
  t.teardown(() => server.destroy('the test is over'));
  const open = (id: number) => Buffer.concat([headers(id, requestFields('/test.Test/Echo')), prefix(id)]);
  const prefix = (id: number) => data(id, message(Buffer.alloc(1_000_000)).subarray(0, 5), 0);
  peer.send(Buffer.concat([hello, open(1), open(3)]));
  await peer.settle();
  const start = performance.now();
  for (let time = 0; time <= 300; time += 20) {
    peer.send(Buffer.concat([data(1, Buffer.alloc(1), 0), data(3, Buffer.alloc(500), 0)]));
    await peer.settle();
    server.sweep(start + time);
  }
  await peer.settle();
  t.same(peer.summary(), ['RstStream 1 ENHANCE_YOUR_CALM']);
});

const patient: ReadonlyArray<readonly [title: string, bytes: Buffer]> = [
  ['a call that takes its time', Buffer.concat([hello, hangs(1)])],
  [
    'a stream with a zero window',
    Buffer.concat([hello, noWindow, headers(1, requestFields('/test.Test/EchoStream')), data(1, message('x'), 0)]),
  ],
];
for (const [title, bytes] of patient) {
  t.test(`${title} is left alone`, async t => {
    const { peer, server } = rawClient({ handshakeTimeout: 1, frameTimeout: 1, idleTimeout: 1, stallTimeout: 1 });
    peer.send(bytes);
    await peer.settle();
    const start = performance.now();
    for (let time = 0; time <= 50; time += 10) server.sweep(start + time);
    await peer.settle();
    t.same(
      peer.summary().filter(word => word.startsWith('GoAway')),
      [],
    );
    t.equal(peer.closed, false);
    server.destroy('the test is over');
  });
}
