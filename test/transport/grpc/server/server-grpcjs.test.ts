import { once } from 'node:events';
import { connect } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import t from 'tap';
import { type CallOptions, changedCall, type Method, type Service } from '../../../../src/base/call.ts';
import { Code } from '../../../../src/base/codes.ts';
import { waitFor } from '../../../support/child.ts';
import { echo, replyWith } from '../../support/echo.ts';
import { data, hello, message, headers as rawHeaders, requestFields } from '../../support/frames.ts';
import { ForeignClient, outcome, startServer } from '../../support/sockets.ts';

const MiB = 1024 * 1024;

function metadata(...fields: Array<readonly [string, string | Buffer]>): grpc.Metadata {
  const made = new grpc.Metadata();
  for (const [name, value] of fields) made.add(name, value);
  return made;
}

t.test('unary calls of many sizes', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path);
  for (const size of [0, 1, 16_370, 16_384, 65_535, 1_000_000, 16 * MiB, 64 * MiB]) {
    const request = Buffer.alloc(size, `${size}`);
    const { code, messages } = await client.unary('/test.Test/Echo', request);
    t.equal(code, Code.OK, `${size} bytes are answered`);
    t.equal(messages[0]?.equals(request), true, `${size} bytes come back`);
  }
  const { code, details } = await client.unary('/test.Test/Echo', Buffer.alloc(64 * MiB + 1));
  t.equal(code, Code.ResourceExhausted);
  t.equal(details, 'message of 67108865 bytes is larger than 67108864');
});

t.test('metadata passes in both directions, as headers and trailers', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path);
  const sent = metadata(['traceparent', '00-1-2-03'], ['two', 'a'], ['two', 'b'], ['x-bin', Buffer.from([0, 255, 10])]);
  // Node's http2, which grpc-js uses, joins the values of one name.
  const want = ['traceparent=00-1-2-03', 'two=a, b', 'x-bin=AP8K'];
  const { headers, trailers } = await client.unary('/test.Test/Echo', Buffer.alloc(0), sent);
  t.same(headers, want, 'headers');
  t.same(trailers, want, 'trailers');
  const failed = await client.unary('/test.Test/FailWithHeaders', Buffer.from('why'), sent);
  t.same(failed, { code: Code.Aborted, details: 'why', messages: [], headers: want, trailers: want }, 'of a failure');
  const only = await client.unary('/test.Test/Fail', Buffer.from('why'), sent);
  t.same(only, { code: Code.NotFound, details: 'why', messages: [], headers: [], trailers: want }, 'trailers only');
});

const texts = ['', 'plain', '100%', 'für 東京 🙂', 'a\nb\tc', '%41', '\x7f'];
t.test('messages of errors', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path);
  for (const text of texts) {
    const { details } = await client.unary('/test.Test/Fail', Buffer.from(text));
    t.equal(details, text, JSON.stringify(text));
  }
});

t.test('grpc-status-details-bin is a trailer like any other', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path);
  const details = Buffer.from('some proto');
  const { trailers } = await client.unary(
    '/test.Test/Fail',
    Buffer.alloc(0),
    metadata(['grpc-status-details-bin', details]),
  );
  t.same(trailers, [`grpc-status-details-bin=${details.toString('base64')}`]);
});

t.test('the handler gets the metadata and the deadline of a call', async t => {
  let seen: CallOptions | undefined;
  const see: Method = {
    kind: 'unary',
    handle: async (message, options) => {
      seen = options;
      return { message, headers: [], trailers: [] };
    },
  };
  const { path } = await startServer(t, () => see);
  const client = new ForeignClient(t, path);
  await client.unary('/a/B', Buffer.alloc(0), metadata(['k', 'v']), { deadline: Date.now() + 60_000 });
  t.match(seen?.metadata, [['k', 'v']]);
  t.notOk(
    seen?.metadata.some(([name]) => /^(:|te$|content-type|user-agent|grpc-)/.test(name)),
    'nothing of gRPC itself',
  );
  const left = seen!.deadline! - performance.now();
  t.ok(left > 30_000 && left <= 60_001, `${left} ms are left of 60,000`);
  await client.unary('/a/B', Buffer.alloc(0));
  t.equal(seen?.deadline, undefined, 'no deadline');
  t.equal(changedCall(seen!, { metadata: [] }).signal.aborted, false, 'a copy has the signal too');
});

/** A service with one method, which never answers; `aborted` resolves with the reason. */
function hanging(): { service: Service; aborted: Promise<{ code: number; message: string }>; called: Promise<void> } {
  const aborted = Promise.withResolvers<{ code: number; message: string }>();
  const called = Promise.withResolvers<void>();
  const service: Service = () => ({
    kind: 'unary',
    handle: (_request, { signal }) => {
      called.resolve();
      signal.addEventListener('abort', () => aborted.resolve(signal.reason));
      return new Promise(() => {});
    },
  });
  return { service, aborted: aborted.promise, called: called.promise };
}

t.test('a call that its client cancels', async t => {
  const { service, aborted, called } = hanging();
  const { path } = await startServer(t, service);
  const client = new ForeignClient(t, path);
  const call = client.client.makeUnaryRequest(
    '/a/B',
    x => x,
    x => x,
    Buffer.alloc(0),
    () => {},
  );
  await called;
  call.cancel();
  t.match(await aborted, { code: Code.Cancelled, message: 'the client has cancelled the call' });
});

t.test('a call whose client goes away', async t => {
  const { service, aborted, called } = hanging();
  const { path } = await startServer(t, service);
  const socket = connect(path);
  socket.write(Buffer.concat([hello, rawHeaders(1, requestFields('/a/B')), data(1, message(''))]));
  await called;
  socket.destroy();
  t.match(await aborted, { code: Code.Cancelled, message: /^the client is gone/ });
});

t.test('a call whose deadline passes', async t => {
  const { service, aborted, called } = hanging();
  const { path } = await startServer(t, service);
  const client = new ForeignClient(t, path);
  let isCalled = false;
  void called.then(() => {
    isCalled = true;
  });
  // On a busy machine the first deadlines pass before the client has connected, and the server does not get the call.
  for (let wait = 50; !isCalled; wait *= 2) {
    const { code } = await client.unary('/a/B', Buffer.alloc(0), undefined, { deadline: Date.now() + wait });
    t.equal(code, Code.DeadlineExceeded);
  }
  t.ok([Code.DeadlineExceeded, Code.Cancelled].includes((await aborted).code as 4), 'either may be first');
});

t.test('unknown methods, and handlers that throw', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path);
  t.match(await client.unary('/test.Test/None', Buffer.alloc(9)), {
    code: Code.Unimplemented,
    details: 'unknown method /test.Test/None',
  });
  t.match(await client.unary('/test.Test/Throw', Buffer.alloc(9)), {
    code: Code.Internal,
    details: 'criproxy: a fault of the handler',
  });
});

t.test('gzip from a client', async t => {
  const { path } = await startServer(t, echo, { maxMessageSize: MiB });
  const client = new ForeignClient(t, path, { 'grpc.default_compression_algorithm': 2 });
  const text = Buffer.from('again and '.repeat(1000));
  const { code, messages } = await client.unary('/test.Test/Echo', text);
  t.equal(code, Code.OK);
  t.same(messages, [text]);
  const bomb = await client.unary('/test.Test/Echo', Buffer.alloc(MiB + 1));
  t.match(bomb, { code: Code.ResourceExhausted, details: 'message is larger than 1048576 bytes when decompressed' });
  const call = client.bidi('/test.Test/EchoStream');
  const end = outcome([], call as unknown as grpc.ClientUnaryCall);
  for (let i = 0; i < 20; i++) call.write(Buffer.from(`${i} `.repeat(100)));
  call.end();
  const streamed = await end;
  t.same(
    streamed.messages.map(message => message.toString().split(' ')[0]),
    Array.from({ length: 20 }, (_, i) => `${i}`),
  );
});

t.test('deflate from a client is Unimplemented, with the supported encodings', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path, { 'grpc.default_compression_algorithm': 1 });
  const { code } = await client.unary('/test.Test/Echo', Buffer.alloc(5000));
  t.equal(code, Code.Unimplemented);
});

t.test('a stream in both directions, with metadata and half-close', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path);
  const call = client.bidi('/test.Test/EchoStream', metadata(['k', 'v']));
  const messages: Buffer[] = [];
  const end = outcome(messages, call as unknown as grpc.ClientUnaryCall);
  for (const size of [0, 5, 100_000, 3 * MiB]) {
    call.write(Buffer.alloc(size, 'x'));
    await waitFor('a message', () => messages[0]);
    t.equal(messages.pop()?.length, size, `${size} bytes come back while the stream is open`);
  }
  call.end();
  t.match(await end, { code: Code.OK, headers: ['k=v'], trailers: ['k=v'] });
});

t.test('the headers of a stream come before its first message', async t => {
  const silent: Method = {
    kind: 'stream',
    handle: (_requests, { signal }) =>
      replyWith(
        (async function* () {
          await once(signal, 'abort');
          yield Buffer.alloc(0);
        })(),
        [['k', 'v']],
      ),
  };
  const { path } = await startServer(t, () => silent);
  const call = new ForeignClient(t, path).bidi('/a/B');
  call.on('error', () => {});
  const [headers] = await once(call, 'metadata');
  t.same(headers.get('k'), ['v']);
  call.cancel();
});

t.test('a stream that its client cancels ends its handler', async t => {
  const left = Promise.withResolvers<void>();
  const endless: Method = {
    kind: 'stream',
    handle: () =>
      replyWith(
        (async function* () {
          try {
            for (;;) yield Buffer.alloc(1000);
          } finally {
            left.resolve();
          }
        })(),
      ),
  };
  const { path } = await startServer(t, () => endless);
  const call = new ForeignClient(t, path).bidi('/a/B');
  call.on('error', () => {});
  await once(call, 'data');
  call.cancel();
  await t.resolves(left.promise);
});

t.test('1,000 calls at once on one connection, a fifth of them failing', async t => {
  const { path } = await startServer(t);
  const client = new ForeignClient(t, path);
  const outcomes = await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      client.unary(i % 5 === 0 ? '/test.Test/Fail' : '/test.Test/Echo', Buffer.from(`${i}`)),
    ),
  );
  const wrong = outcomes.filter(({ code, details, messages }, i) =>
    i % 5 === 0 ? code !== Code.NotFound || details !== `${i}` : messages[0]?.toString() !== `${i}`,
  );
  t.same(wrong, []);
});

for (const authority of ['/run/criproxy.sock', '%2Frun%2Fcriproxy.sock', 'localhost']) {
  t.test(`grpc-js with the authority ${authority}`, async t => {
    const { path } = await startServer(t);
    const client = new ForeignClient(t, path, { 'grpc.default_authority': authority });
    t.match(await client.unary('/test.Test/Echo', Buffer.from('x')), { code: Code.OK });
  });
}
