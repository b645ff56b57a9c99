import t from 'tap';
import type { ReplyStream } from '../../../../src/base/call.ts';
import { Code } from '../../../../src/base/codes.ts';
import { EndingCall } from '../../../../src/base/ending-call.ts';
import { ProxyError } from '../../../../src/base/error.ts';
import { SettingId } from '../../../../src/transport/http2/frames/settings.ts';
import type { Session } from '../../../../src/transport/session.ts';
import { answerTo, started } from '../../support/answers.ts';
import { settings } from '../../support/control-frames.ts';
import { noSettings, ping } from '../../support/frames.ts';
import { breakState, connectionOf, inside, reports, throwNext } from '../../support/inject.ts';
import { rawServer, requests } from '../../support/raw-client.ts';
import type { RawPeer } from '../../support/raw-peer.ts';
import { callOptions } from '../../support/sockets.ts';

/** A session with two open calls, one on stream 1 and a streaming call on stream 3. */
interface Scene {
  readonly peer: RawPeer;
  readonly session: Session;
  /** Gives the streaming call its next request, or, without one, the end of its requests. */
  readonly next: (request?: Buffer) => void;
  readonly reply: ReplyStream;
}

/** How the session's connection comes to a fault, and the fault. */
type Row = readonly [title: string, provoke: (scene: Scene) => void, fault?: RegExp];

const lost = 'the connection was lost: a fault of criproxy (see its log)';
const third = ({ session }: Scene) => connectionOf(session).streams.get(3)!;
const illegal = /^runtime connection: (DATA|END_STREAM) cannot be sent on a stream in the state HalfClosedLocal$/;

const rows: Row[] = [
  [
    'a frame comes',
    ({ peer, session }) => {
      throwNext(inside(connectionOf(session)).receiver.control, 'frame');
      peer.send(ping);
    },
  ],
  [
    'an answer comes',
    scene => {
      throwNext(third(scene), 'onBody');
      scene.peer.send(...started(3));
    },
  ],
  [
    'the end of an answer comes',
    scene => {
      throwNext(third(scene), 'onTrailers');
      scene.peer.send(...answerTo(3));
    },
  ],
  [
    'a call is opened',
    ({ session }) => {
      throwNext(connectionOf(session).encoder, 'begin');
      session.call('/a/B', Buffer.from('x'), callOptions()).catch(() => {});
    },
  ],
  [
    'a request is sent on a stream that cannot send',
    scene => {
      breakState(third(scene));
      scene.next(Buffer.from('x'));
    },
    illegal,
  ],
  [
    'the end of the requests is sent on a stream that cannot send',
    scene => {
      breakState(third(scene));
      scene.next();
    },
    illegal,
  ],
  [
    'a call is cancelled',
    scene => {
      throwNext(connectionOf(scene.session), 'reset');
      inside(third(scene)).cancel(new ProxyError(Code.Cancelled, 'cancelled'));
    },
  ],
  [
    'an answer is read',
    ({ peer, session, reply }) => {
      throwNext(connectionOf(session), 'credit');
      void reply[Symbol.asyncIterator]().next();
      peer.send(...started(3));
    },
  ],
  [
    'the limits of time are checked',
    ({ session }) => {
      throwNext(connectionOf(session), 'sweepStalls');
      inside(session).sweep();
    },
  ],
  [
    'bytes go to the socket',
    ({ peer, session }) => {
      throwNext(inside(connectionOf(session)).output, 'writeAll');
      peer.send(ping);
    },
  ],
  [
    'the socket has room again',
    ({ session }) => {
      throwNext(connectionOf(session).sender, 'pump');
      inside(connectionOf(session)).socket.emit('drain');
    },
  ],
];

for (const [title, provoke, fault = /^runtime connection: an injected fault$/] of rows) {
  t.test(`a fault when ${title} costs one connection`, async t => {
    const { report, words } = reports();
    const { peer, session } = await rawServer(noSettings, {}, report);
    const { peer: farther, session: neighbour } = await rawServer(noSettings, {}, report);
    const other = session.call('/a/B', Buffer.from('x'), callOptions());
    const { requests: source, next } = controlled();
    const reply = session.stream('/a/S', source, callOptions());
    await requests(peer, 2);
    const calls = t.rejects(other, { code: Code.Unavailable, message: lost });
    provoke({ peer, session, next, reply });
    await calls;
    await t.rejects(readAll(reply), { code: Code.Unavailable, message: lost });
    await peer.until(() => false);
    t.equal(peer.summary().at(-1), 'GoAway INTERNAL_ERROR');
    t.equal(await session.closed, 'a fault of criproxy (see its log)');
    t.equal(words.length, 1, 'the fault is reported once');
    t.match(words[0], fault);
    const fine = neighbour.call('/a/B', Buffer.from('x'), callOptions());
    await requests(farther, 1);
    farther.send(...answerTo(1));
    t.equal((await fine).message.toString(), 'hello', 'another connection is in use');
    neighbour.close();
  });
}

async function readAll(reply: ReplyStream): Promise<void> {
  for await (const _ of reply);
}

/** Requests that come when they are asked for. */
function controlled(): { requests: AsyncGenerator<Buffer>; next: Scene['next'] } {
  let given = Promise.withResolvers<Buffer | undefined>();
  const next: Scene['next'] = request => {
    const { resolve } = given;
    given = Promise.withResolvers();
    resolve(request);
  };
  async function* requests(): AsyncGenerator<Buffer> {
    for (;;) {
      const request = await given.promise;
      if (request === undefined) return;
      yield request;
    }
  }
  return { requests: requests(), next };
}

t.test('a fault at the opening of a call that has waited: the call whose end gave it room has its answer', async t => {
  const { report, words } = reports();
  const greeting = settings([SettingId.MaxConcurrentStreams, 1]);
  const { peer, session } = await rawServer(greeting, {}, report);
  const first = session.call('/a/B', Buffer.from('x'), callOptions());
  const waiting = [1, 2].map(() => session.call('/a/B', Buffer.from('x'), callOptions()));
  const ends = Promise.allSettled(waiting);
  await requests(peer, 1);
  throwNext(connectionOf(session).encoder, 'begin');
  peer.send(...answerTo(1));
  t.equal((await first).message.toString(), 'hello');
  for (const end of await ends) t.match(end, { status: 'rejected', reason: { code: Code.Unavailable, message: lost } });
  t.same(words, ['runtime connection: an injected fault']);
});

t.test('a fault when a call is cancelled with the call of a client does not reach the client', async t => {
  const { report, words } = reports();
  const { peer, session } = await rawServer(noSettings, {}, report);
  const client = new EndingCall([], undefined);
  const call = session.call('/a/B', Buffer.from('x'), client);
  await requests(peer, 1);
  throwNext(connectionOf(session), 'reset');
  client.cancel(new ProxyError(Code.Cancelled, 'the client has left'));
  await t.rejects(call, { code: Code.Unavailable, message: lost });
  t.same(words, ['runtime connection: an injected fault']);
});
