import t from 'tap';
import { Code } from '../../../../src/base/codes.ts';
import type { ProxyError } from '../../../../src/base/error.ts';
import { MemoryAccount } from '../../../../src/base/memory-account.ts';
import { ErrorCode } from '../../../../src/transport/http2/frames/error-code.ts';
import { FrameType } from '../../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../../src/transport/http2/frames/settings.ts';
import { UntakenError } from '../../../../src/transport/untaken.ts';
import { answerTo, ok, started } from '../../support/answers.ts';
import { goAway, rstStream, settings } from '../../support/control-frames.ts';
import { headers, noSettings, ping, responseFields } from '../../support/frames.ts';
import { rawServer, requests } from '../../support/raw-client.ts';
import { callOptions } from '../../support/sockets.ts';

const answer = started(1);
const trailers = ok(1);

t.test('the bytes of a request', async t => {
  const { peer, session } = await rawServer();
  const call = session.call('/a.B/C', Buffer.from('request'), callOptions([['k', 'v']])).catch(() => {});
  await requests(peer, 1);
  await peer.frame(({ type }) => type === FrameType.Data);
  t.same(peer.summary(), ['Headers 1 ', 'Data 1 12 end']);
  session.close();
  await call;
});

t.test('no more calls at once than SETTINGS_MAX_CONCURRENT_STREAMS', async t => {
  const greeting = settings([SettingId.MaxConcurrentStreams, 2]);
  const { peer, session } = await rawServer(greeting);
  const controller = new AbortController();
  const calls = [1, 2, 3, 4, 5].map(i =>
    session.call('/a/B', Buffer.from(`${i}`), callOptions([], undefined, i === 4 ? controller.signal : undefined)).then(
      ({ message }) => message.toString(),
      fault => fault.code,
    ),
  );
  const opened = () => peer.summary().filter(word => word.startsWith('Headers'));
  await requests(peer, 2);
  peer.send(ping);
  await peer.frame(({ type, flags }) => type === FrameType.Ping && flags === 1);
  t.same(opened(), ['Headers 1 ', 'Headers 3 ']);
  peer.send(...answer, trailers);
  await requests(peer, 3);
  t.same(opened(), ['Headers 1 ', 'Headers 3 ', 'Headers 5 ']);
  controller.abort();
  t.equal(await calls[3], Code.Cancelled, 'a call that waits can be cancelled');
  peer.send(settings([SettingId.MaxConcurrentStreams, 100]));
  await requests(peer, 4);
  t.same(opened().length, 4, 'SETTINGS let more through');
  session.close();
  t.same(await Promise.all(calls), ['hello', 14, 14, 1, 14]);
});

t.test('waiting clients take turns, and each has a limit of calls', async t => {
  const greeting = settings([SettingId.MaxConcurrentStreams, 1]);
  const { peer, session } = await rawServer(greeting, { maxWaiting: 3 });
  const codes: string[] = [];
  const clients = new Map(['a', 'b', 'c'].map(name => [name, new MemoryAccount(1 << 20)]));
  const ask = (name: string, number: number, signal?: AbortSignal) => {
    const options = { ...callOptions([], undefined, signal), account: clients.get(name) };
    return session.call(`/${name}/${number}`, Buffer.from('x'), options).catch(fault => {
      codes.push(`${name}${number} ${fault.code} ${fault.message}`);
    });
  };
  const cancelled = new AbortController();
  const calls = [1, 2, 3, 4, 5].map(number => ask('a', number, number === 3 ? cancelled.signal : undefined));
  calls.push(ask('b', 1), ask('c', 1), ask('b', 2));
  await calls[4];
  t.same(codes, [`a5 ${Code.ResourceExhausted} criproxy: 3 calls of this client wait for the runtime already`]);
  cancelled.abort();
  await calls[2];
  calls.push(ask('a', 6));
  for (let stream = 1; stream <= 13; stream += 2) {
    await requests(peer, (stream + 1) / 2);
    peer.send(...answerTo(stream));
  }
  await Promise.all(calls);
  t.same([...peer.paths.values()], ['/a/1', '/a/2', '/b/1', '/c/1', '/a/4', '/b/2', '/a/6']);
  t.equal(codes.length, 2, 'the call beyond the bound, and the cancelled one, whose place another one has');
  session.close();
});

const faults: ReadonlyArray<readonly [title: string, greeting: Buffer]> = [
  ['HTTP/1.1', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['HEADERS first', headers(1, responseFields)],
  ['a PING first', ping],
];
for (const [title, greeting] of faults) {
  t.test(`a server that begins with ${title}`, async t => {
    await t.rejects(rawServer(greeting), { message: /^no HTTP\/2 connection/ });
  });
}

t.test("metadata above the server's SETTINGS_MAX_HEADER_LIST_SIZE fails its call, and only that", async t => {
  const greeting = settings([SettingId.MaxHeaderListSize, 8192]);
  const { peer, session } = await rawServer(greeting);
  await t.rejects(session.call('/a/B', Buffer.from('x'), callOptions([['k', 'v'.repeat(8000)]])), {
    code: Code.ResourceExhausted,
    message: /larger than the 8192 bytes/,
  });
  const fine = session.call('/a/B', Buffer.from('x'), callOptions([['k', 'v'.repeat(7000)]]));
  await requests(peer, 1);
  peer.send(...answer, trailers);
  t.equal((await fine).message.toString(), 'hello');
  session.close();
});

for (const [title, end] of [
  ['RST_STREAM with REFUSED_STREAM', rstStream(1, ErrorCode.RefusedStream)],
  ['GOAWAY with a lower stream', goAway(0)],
] as const) {
  t.test(`${title} after the beginning of an answer: the call was processed, and is not sent again`, async t => {
    const { peer, session } = await rawServer();
    const call = session.call('/a/B', Buffer.from('x'), callOptions()).catch((fault: unknown) => fault);
    await requests(peer, 1);
    peer.send(...answer, end);
    const fault = (await call) as ProxyError;
    t.equal(fault.code, Code.Unavailable);
    t.notOk(fault instanceof UntakenError);
    session.close();
  });
}

t.test('fifty malformed answers fail their calls alone', async t => {
  const { peer, session } = await rawServer(noSettings, { resetBurst: 10, resetRate: 0 });
  const bad = Array.from({ length: 50 }, () => session.call('/a/B', Buffer.from('x'), callOptions()));
  await requests(peer, 50);
  for (let i = 0; i < 50; i++) peer.send(headers(2 * i + 1, [...responseFields, ['connection', 'close']]));
  const codes = (await Promise.allSettled(bad)).map(each => each.status === 'rejected' && each.reason.code);
  t.same([...new Set(codes)], [Code.Internal]);
  const fine = session.call('/a/B', Buffer.from('x'), callOptions());
  await requests(peer, 51);
  peer.send(...answerTo(101));
  t.equal((await fine).message.toString(), 'hello');
  session.close();
});
