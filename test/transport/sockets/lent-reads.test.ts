import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import t from 'tap';
import { lending, lendReads } from '../../../src/transport/sockets/lent-reads.ts';
import { waitFor } from '../../support/child.ts';
import { Random } from '../support/random.ts';
import { listen, socketPath } from '../support/sockets.ts';

/** A socket that a server has just accepted, in the event `connection`, and its other end. */
async function accepted(
  test: { teardown(fn: () => unknown): void },
  accept: (near: Socket) => void,
): Promise<{ near: Socket; far: Socket }> {
  const path = await socketPath(test);
  const server = await listen(path);
  const connection = new Promise<Socket>(resolve =>
    server.once('connection', near => {
      accept(near);
      resolve(near);
    }),
  );
  const far = connect(path);
  const near = await connection;
  test.teardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

t.test('with this Node an accepted socket lends its reads: they do not reach its stream', async t => {
  const lent: Buffer[] = [];
  const read: string[] = [];
  let lends = false;
  const { near, far } = await accepted(t, socket => {
    lends = lendReads(socket, chunk => {
      lent.push(chunk);
      read.push(chunk.toString());
    });
  });
  far.write('one');
  await waitFor('the first', () => read[0]);
  far.write('two');
  await waitFor('the second', () => read[1]);
  t.strictSame([lends, read, near.readableLength], [true, ['one', 'two'], 0]);
  t.equal(lent[0]!.buffer, lent[1]!.buffer, 'one buffer for all reads');
  t.equal(lent[0]!.toString(), 'two', 'which the next read overwrites');
});

t.test('the end of the peer is an event as usual', async t => {
  const { near, far } = await accepted(t, socket => void lendReads(socket, () => {}));
  const end = once(near, 'end');
  far.end('last words');
  await end;
  t.pass('end');
});

t.test('a destroyed socket brings no more bytes', async t => {
  const read: string[] = [];
  const { near, far } = await accepted(
    t,
    socket =>
      void lendReads(socket, chunk => {
        read.push(chunk.toString());
        socket.destroy();
      }),
  );
  far.on('error', () => {});
  const closed = once(near, 'close');
  far.write('one');
  await closed;
  const farClosed = new Promise(resolve => far.once('close', resolve));
  far.write('two');
  await farClosed;
  t.strictSame(read, ['one']);
});

t.test('any other stream brings its reads as data', async t => {
  const [near, far] = duplexPair();
  const read: string[] = [];
  t.equal(
    lendReads(near, chunk => read.push(chunk.toString())),
    false,
  );
  const came = once(near, 'data');
  far.write('one');
  await came;
  t.strictSame(read, ['one']);
});

t.test('eight sockets that share the buffer each have their own bytes, 1 MiB of them, on both sides', async t => {
  const random = new Random(9);
  const wrong: string[] = [];
  const counts = new Array<number>(16).fill(0);
  for (let index = 0; index < 8; index++) {
    const expect = (side: number) => (chunk: Buffer) => {
      const at = 2 * index + side;
      counts[at]! += chunk.length;
      if (!chunk.equals(Buffer.alloc(chunk.length, index))) wrong.push(`bytes of another socket at ${at}`);
    };
    const path = await socketPath(t);
    const server = await listen(path);
    server.once('connection', (near: Socket) => {
      lendReads(near, expect(0));
      near.write(Buffer.alloc(1 << 20, index));
      t.teardown(() => near.destroy());
    });
    const far = connect({ path, onread: lending(() => expect(1)) });
    t.teardown(() => {
      far.destroy();
      server.close();
    });
    await once(far, 'connect');
    for (let left = 1 << 20; left > 0; ) {
      const size = Math.min(left, 1 + random.below(100_000));
      far.write(Buffer.alloc(size, index));
      left -= size;
    }
  }
  await waitFor('all bytes', () => counts.every(count => count >= 1 << 20) || undefined);
  t.strictSame([wrong, counts], [[], Array.from({ length: 16 }, () => 1 << 20)]);
});
