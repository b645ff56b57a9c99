import * as grpc from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import type { Metadata } from '../../../../src/base/call.ts';
import { Code } from '../../../../src/base/codes.ts';
import { EndingCall } from '../../../../src/base/ending-call.ts';
import { ProxyError } from '../../../../src/base/error.ts';
import { makeDial } from '../../../../src/transport/grpc/client/client.ts';
import { waitFor } from '../../../support/child.ts';
import { dial } from '../../../support/dial.ts';
import { callOptions, startForeignServer } from '../../support/sockets.ts';

const MiB = 1024 * 1024;

/** Metadata of grpc-js from ours. */
function metadata(fields: Metadata): grpc.Metadata {
  const made = new grpc.Metadata();
  for (const [name, value] of fields) made.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  return made;
}

const headers: Metadata = [
  ['a', '1'],
  ['b-bin', 'AP8K'],
];
const trailers: Metadata = [
  ['c', '3'],
  ['c', '4'],
  ['grpc-status-details-bin', 'ZGV0YWlscw'],
];

let seen: grpc.ServerUnaryCall<Buffer, Buffer> | undefined;
let cancelled = Promise.withResolvers<void>();
/** The calls of Hang and Stream that have arrived. */
let arrived = 0;
const arrivals = (count: number) => waitFor(`${count} calls`, () => arrived >= count || undefined, { pause: 1 });
const methods = {
  '/t/Echo': (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
    seen = call;
    call.sendMetadata(metadata(headers));
    answer(null, call.request, metadata(trailers));
  },
  '/t/Gzip': (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
    call.sendMetadata(metadata([['grpc-internal-encoding-request', 'gzip']]));
    answer(null, call.request);
  },
  '/t/Fail': (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
    answer({ code: call.request[0]!, details: call.request.toString('utf8', 1), metadata: metadata(trailers) });
  },
  '/t/FailWithHeaders': (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
    call.sendMetadata(metadata(headers));
    answer({ code: 10, details: 'x', metadata: metadata(trailers) });
  },
  '/t/Hang': (call: grpc.ServerUnaryCall<Buffer, Buffer>) => {
    arrived++;
    call.on('cancelled', () => cancelled.resolve());
  },
  '/t/Stream': {
    stream: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      arrived++;
      call.sendMetadata(metadata(headers));
      call.on('data', message => call.write(message));
      call.on('end', () => call.end(metadata(trailers)));
      call.on('cancelled', () => cancelled.resolve());
    },
  },
  '/t/FailStream': {
    stream: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      call.write(Buffer.from('one'));
      call.write(Buffer.from('two'));
      call.emit('error', { code: 12, details: 'no more', metadata: metadata(trailers) });
    },
  },
};

async function connect(t: Test) {
  const { path, server } = await startForeignServer(t, methods);
  const session = await dial(path, 5000);
  t.teardown(() => session.close());
  return { session, server, path };
}

t.test('unary calls of many sizes', async t => {
  const { session } = await connect(t);
  for (const size of [0, 1, 16_370, 16_384, 65_535, 1_000_000, 16 * MiB, 64 * MiB]) {
    const { message } = await session.call('/t/Echo', Buffer.alloc(size, `${size}`), callOptions());
    t.equal(message.equals(Buffer.alloc(size, `${size}`)), true, `${size} bytes come back`);
  }
});

t.test('metadata, and the headers of gRPC itself', async t => {
  const { session } = await connect(t);
  const sent: Metadata = [
    ['k', 'v'],
    ['k', 'w'],
    ['x-bin', 'AAE'],
  ];
  const reply = await session.call('/t/Echo', Buffer.alloc(0), callOptions(sent, 60_000));
  t.same(seen?.metadata.get('k'), ['v, w'], "joined by Node's http2, under grpc-js");
  t.same(seen?.metadata.get('x-bin'), [Buffer.from([0, 1])]);
  t.match(seen?.metadata.get('user-agent'), [/^criproxy/]);
  t.equal(seen?.getHost(), 'localhost');
  const left = Number(seen?.getDeadline()) - Date.now();
  t.ok(left > 30_000 && left <= 60_100, `${left} ms are left of 60,000`);
  t.same(
    reply.headers.filter(([name]) => 'ab-bin'.includes(name)),
    headers,
  );
  t.same(
    reply.trailers,
    trailers.map(([name, value]) => [name, name.endsWith('-bin') ? `${value}==`.slice(0, 12) : value]),
  );
});

t.test('the user-agent is an option', async t => {
  const { path } = await startForeignServer(t, methods);
  const session = await makeDial({ userAgent: 'criproxy/9.9' })(path, 5000);
  await session.call('/t/Echo', Buffer.alloc(0), callOptions());
  t.same(seen?.metadata.get('user-agent'), ['criproxy/9.9']);
  session.close();
});

for (const code of [1, 2, 3, 5, 12, 14, 16, 17, 99]) {
  t.test(`a call that fails with ${code}`, async t => {
    const { session } = await connect(t);
    const request = Buffer.concat([Buffer.from([code]), Buffer.from('für 100%\n')]);
    const fault = await session.call('/t/Fail', request, callOptions()).catch(error => error);
    t.type(fault, ProxyError);
    t.match(fault, { code, message: 'für 100%\n', headers: [] });
    t.match(fault.trailers, [
      ['c', '3'],
      ['c', '4'],
    ]);
  });
}

t.test('a call that fails after its headers', async t => {
  const { session } = await connect(t);
  const fault = await session.call('/t/FailWithHeaders', Buffer.alloc(0), callOptions()).catch(error => error);
  t.equal(fault.code, 10);
  t.match(fault.headers, headers);
});

t.test('a deadline', async t => {
  const { session } = await connect(t);
  cancelled = Promise.withResolvers();
  const fault = await session.call('/t/Hang', Buffer.alloc(0), callOptions([], 50)).catch(error => error);
  t.match(fault, { code: Code.DeadlineExceeded });
  await cancelled.promise;
  const late = await session.call('/t/Echo', Buffer.alloc(0), callOptions([], -1)).catch(error => error);
  t.match(late, { code: Code.DeadlineExceeded }, 'one that has passed before');
});

t.test('cancelling by a signal', async t => {
  const { session } = await connect(t);
  cancelled = Promise.withResolvers();
  const controller = new AbortController();
  const call = session.call('/t/Hang', Buffer.alloc(0), callOptions([], undefined, controller.signal));
  setImmediate(() => controller.abort());
  t.match(await call.catch(error => error), { code: Code.Cancelled });
  await cancelled.promise;
  t.match(await session.call('/t/Echo', Buffer.alloc(0), callOptions([], undefined, controller.signal)).catch(e => e), {
    code: Code.Cancelled,
  });
});

t.test('cancelling with the incoming call', async t => {
  const { session } = await connect(t);
  cancelled = Promise.withResolvers();
  const incoming = new EndingCall([], undefined);
  const before = arrived;
  const calls = [1, 2, 3].map(() => session.call('/t/Hang', Buffer.alloc(0), incoming).catch(error => error));
  await arrivals(before + 3);
  incoming.cancel(new ProxyError(Code.DeadlineExceeded, 'too late'));
  for (const fault of await Promise.all(calls)) t.match(fault, { code: Code.DeadlineExceeded, message: 'too late' });
  await cancelled.promise;
  t.match(await session.call('/t/Echo', Buffer.alloc(0), incoming).catch(error => error), { message: 'too late' });
});

t.test('a stream in both directions', async t => {
  const { session } = await connect(t);
  const requests = [0, 5, 100_000, 3 * MiB].map(size => Buffer.alloc(size, 'x'));
  const reply = session.stream('/t/Stream', requests, callOptions());
  const sizes: number[] = [];
  for await (const message of reply) sizes.push(message.length);
  t.same(
    sizes,
    requests.map(request => request.length),
  );
  t.match(await reply.headers, headers);
  t.match(reply.trailers, [
    ['c', '3'],
    ['c', '4'],
  ]);
});

t.test('a stream that fails after two messages', async t => {
  const { session } = await connect(t);
  const reply = session.stream('/t/FailStream', [], callOptions());
  const messages: string[] = [];
  const fault = await (async () => {
    for await (const message of reply) messages.push(message.toString());
    return undefined;
  })().catch(error => error);
  t.same(messages, ['one', 'two']);
  t.match(fault, { code: 12, message: 'no more' });
});

t.test('a reader that stops cancels the stream', async t => {
  const { session } = await connect(t);
  cancelled = Promise.withResolvers();
  const left = Promise.withResolvers<void>();
  async function* requests() {
    try {
      for (;;) yield Buffer.from('x');
    } finally {
      left.resolve();
    }
  }
  for await (const message of session.stream('/t/Stream', requests(), callOptions())) {
    t.equal(message.toString(), 'x');
    break;
  }
  await cancelled.promise;
  await left.promise;
});

t.test('a request iterator that fails ends the call with its error', async t => {
  const { session } = await connect(t);
  async function* requests() {
    yield Buffer.from('x');
    throw new ProxyError(Code.DataLoss, 'torn');
  }
  const fault = await (async () => {
    for await (const _ of session.stream('/t/Stream', requests(), callOptions()));
  })().catch(error => error);
  t.match(fault, { code: Code.DataLoss, message: 'torn' });
});

t.test('an unknown method', async t => {
  const { session } = await connect(t);
  t.match(await session.call('/t/None', Buffer.alloc(0), callOptions()).catch(error => error), {
    code: Code.Unimplemented,
  });
});

t.test('a server that dies', async t => {
  const { session, server } = await connect(t);
  const before = arrived;
  const call = session.call('/t/Hang', Buffer.alloc(0), callOptions()).catch(error => error);
  const stream = session.stream('/t/Stream', [], callOptions())[Symbol.asyncIterator]();
  await arrivals(before + 2);
  server.forceShutdown();
  t.match(await call, { code: Code.Unavailable });
  await stream.next().catch(() => {});
  t.type(await session.closed, 'string');
  t.match(await session.call('/t/Echo', Buffer.alloc(0), callOptions()).catch(error => error), {
    code: Code.Unavailable,
  });
});

t.test('a server that goes away gracefully: calls in flight are answered', async t => {
  let finish: (() => void) | undefined;
  const { path, server } = await startForeignServer(t, {
    '/t/Slow': (call, answer) => {
      finish = () => answer(null, call.request);
    },
  });
  const session = await dial(path, 5000);
  const call = session.call('/t/Slow', Buffer.from('x'), callOptions());
  const end = await waitFor('the call', () => finish);
  server.tryShutdown(() => {});
  t.match(await session.closed, /^GOAWAY NO_ERROR/);
  t.match(await session.call('/t/Slow', Buffer.from('x'), callOptions()).catch(error => error), {
    code: Code.Unavailable,
  });
  end();
  t.equal((await call).message.toString(), 'x');
});

t.test('closing a session', async t => {
  const { session } = await connect(t);
  const call = session.call('/t/Hang', Buffer.alloc(0), callOptions()).catch(error => error);
  session.close();
  t.match(await call, { code: Code.Unavailable });
  t.equal(await session.closed, 'closed by criproxy');
});

t.test('1,000 calls at once', async t => {
  const { session } = await connect(t);
  const replies = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => session.call('/t/Echo', Buffer.from(`${i}`), callOptions())),
  );
  t.same(
    replies.filter(({ message }, i) => message.toString() !== `${i}`),
    [],
  );
});
