import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import t from 'tap';
import { beginBatch, endBatch } from '../../../src/transport/http2/batch.ts';
import { FrameType } from '../../../src/transport/http2/frames/frame.ts';
import { Output } from '../../../src/transport/http2/output.ts';
import { waitFor } from '../../support/child.ts';
import { data, headers, hello, message } from '../support/frames.ts';
import { Random } from '../support/random.ts';
import { rawClient } from '../support/raw-server.ts';
import { echoFields } from '../support/server-row.ts';
import { listen, socketPath } from '../support/sockets.ts';

/** Both ends of a unix socket. `far` does not read until the test does. */
async function socketPair(test: { teardown(fn: () => unknown): void }): Promise<{ near: Socket; far: Socket }> {
  const path = await socketPath(test);
  const server = await listen(path);
  const far = connect(path).pause();
  const [near] = (await once(server, 'connection')) as [Socket];
  test.teardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

const quiet = {
  room() {},
  backlog() {},
  fault(fault: unknown) {
    throw fault;
  },
};

/** An Output, and the writes to its stream. */
function recorded(): { output: Output; writes: string[] } {
  const writes: string[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      writes.push(chunk.toString('latin1'));
      done();
    },
  });
  return { output: new Output(stream, quiet, 1 << 20, 1 << 20), writes };
}

/** Resolves after the end of this tick. */
const nextTurn = () => new Promise(resolve => setImmediate(resolve));

function put(output: Output, text: string): void {
  output.write(Buffer.from(text), 0, text.length);
}

t.test('the bytes of one tick leave in one piece at its end', async t => {
  const { output, writes } = recorded();
  put(output, 'a');
  await Promise.resolve();
  put(output, 'b');
  t.strictSame(writes, []);
  await nextTurn();
  t.strictSame(writes, ['ab']);
});

t.test('the bytes of a batch leave at its end, also for batches inside others', async t => {
  const { output, writes } = recorded();
  beginBatch();
  put(output, 'a');
  beginBatch();
  put(output, 'b');
  endBatch(false);
  t.strictSame(writes, []);
  endBatch(false);
  t.strictSame(writes, ['ab']);
});

t.test('a batch that is not the last of its tick waits for the others', async t => {
  const { output, writes } = recorded();
  for (const text of ['a', 'b']) {
    beginBatch();
    put(output, text);
    endBatch(true);
  }
  t.strictSame(writes, []);
  await nextTurn();
  t.strictSame(writes, ['ab']);
});

t.test('a batch flushes each of its outputs', async t => {
  const one = recorded();
  const two = recorded();
  beginBatch();
  put(one.output, '1');
  put(two.output, '2');
  endBatch(false);
  t.strictSame([one.writes, two.writes], [['1'], ['2']]);
});

t.test('no bytes leave an output that has ended', async t => {
  const { output, writes } = recorded();
  put(output, 'a');
  output.end();
  await nextTurn();
  t.strictSame(writes, []);
});

t.test('the replies to the calls of one read leave in one write', async t => {
  const { peer, server } = rawClient();
  peer.send(hello);
  await peer.frame(({ type, flags }) => type === FrameType.Settings && flags === 1);
  const writes: number[] = [];
  peer.socket.on('data', (chunk: Buffer) => writes.push(chunk.length));
  peer.send(...[1, 3, 5, 7, 9].flatMap(id => [headers(id, echoFields), data(id, message('hello'))]));
  await peer.frame(({ type, streamId, flags }) => type === FrameType.Headers && streamId === 9 && (flags & 1) === 1);
  server.destroy('the test is over');
  t.equal(writes.length, 1, `writes of ${writes.join(', ')} octets`);
});

t.test('the stream reports a peer that is gone', async t => {
  const { near, far } = await socketPair(t);
  const closed = new Promise<string>(resolve =>
    near.once('error', error => resolve((error as { code?: string }).code!)),
  );
  far.destroy();
  await once(far, 'close');
  const output = new Output(near, quiet, 1 << 20, 1 << 20);
  put(output, 'a');
  t.equal(await closed, 'EPIPE');
});

t.test('16 MiB in pieces of any size arrive whole and in order at a slow reader', async t => {
  const { near, far } = await socketPair(t);
  const random = new Random(5);
  const room = { now: () => {} };
  const owner = { ...quiet, room: () => room.now(), backlog: () => void t.fail('a backlog') };
  const output = new Output(near, owner, 1 << 16, 64 << 20);
  const sent: Buffer[] = [];
  const received: Buffer[] = [];
  far.on('data', chunk => {
    received.push(chunk);
    if (random.below(4) > 0) return;
    far.pause();
    setTimeout(() => far.resume(), random.below(3));
  });
  far.resume();
  let left = 16 << 20;
  let byStream = 0;
  while (left > 0) {
    const size = Math.min(left, random.pick([1, 17, 100, 5000, 70_000, 300_000]));
    const piece = Buffer.alloc(size, random.below(256));
    output.write(piece, 0, size);
    sent.push(piece);
    left -= size;
    if (near.writableLength > 0) byStream++;
    if (random.below(3) === 0) await new Promise(setImmediate);
    if (!output.full) continue;
    await new Promise<void>(resolve => {
      room.now = resolve;
    });
  }
  output.flush();
  const whole = Buffer.concat(sent);
  await waitFor('all of it', () => Buffer.concat(received).length >= whole.length || undefined);
  t.ok(Buffer.concat(received).equals(whole));
  t.ok(byStream > 0, 'the kernel had not always room');
});
