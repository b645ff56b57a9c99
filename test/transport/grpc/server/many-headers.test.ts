import t from 'tap';
import type { Reply, Service } from '../../../../src/base/call.ts';
import { Code } from '../../../../src/base/codes.ts';
import { ProxyError } from '../../../../src/base/error.ts';
import { dial } from '../../../support/dial.ts';
import { callOptions, startServer } from '../../support/sockets.ts';

const COUNT = 40;
const long = 'x'.repeat(400_000);

/** A method whose calls end together, each by `end`. */
function together(end: () => Promise<Reply>): Service {
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const handle = async () => {
    if (++calls === COUNT) gate.resolve();
    await gate.promise;
    return end();
  };
  return path => ({ kind: 'unary', handle: path === '/a/Wait' ? handle : async request => reply(request) });
}

const reply = (message: Buffer, headers: Reply['headers'] = []): Reply => ({ message, headers, trailers: [] });

/** The ends of the calls on one connection, and whether the connection has gone on. */
async function endsOf(end: () => Promise<Reply>): Promise<{ errors: ProxyError[]; lives: boolean }> {
  const { path } = await startServer(t, together(end));
  const session = await dial(path, 10_000);
  const calls = Array.from({ length: COUNT }, () => session.call('/a/Wait', Buffer.alloc(1), callOptions()));
  const ends = await Promise.allSettled(calls);
  const lives = await session.call('/a/Echo', Buffer.alloc(1), callOptions()).then(
    () => true,
    () => false,
  );
  session.close();
  return { errors: ends.flatMap(each => (each.status === 'rejected' ? [each.reason] : [])), lives };
}

t.test(`${COUNT} errors with long texts at once: each call has its code, and the client its connection`, async t => {
  const { errors, lives } = await endsOf(async () => {
    throw new ProxyError(Code.NotFound, long);
  });
  t.same(
    errors.map(({ code }) => code),
    Array(COUNT).fill(Code.NotFound),
  );
  t.ok(
    errors.every(({ message }) => message.length > 500 && long.startsWith(message)),
    'and the beginning of its text',
  );
  t.ok(lives);
});

t.test(`${COUNT} answers with much metadata at once: some calls fail, and the client has its connection`, async t => {
  const { errors, lives } = await endsOf(async () => reply(Buffer.alloc(1), [['x', long]]));
  t.ok(errors.length > 0 && errors.length < COUNT, `${errors.length} calls have failed`);
  t.same([...new Set(errors.map(({ code }) => code))], [Code.ResourceExhausted]);
  t.ok(lives);
});
