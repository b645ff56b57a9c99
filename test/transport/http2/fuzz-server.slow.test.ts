import t from 'tap';
import { MemoryAccount } from '../../../src/base/memory-account.ts';
import { ServerConnection } from '../../../src/transport/grpc/server/server-connection.ts';
import { defaultLimits } from '../../../src/transport/http2/limits.ts';
import { memoryInUse } from '../../support/memory-in-use.ts';
import { TEST_LIMIT } from '../../support/require.ts';
import { echo, expectThrown } from '../support/echo.ts';
import { data, headers, hello, message, ping, requestFields, whole } from '../support/frames.ts';
import { MemorySocket } from '../support/memory-socket.ts';
import { chop, mutate, splitFrames } from '../support/mutate.ts';
import { Random } from '../support/random.ts';
import { recordClients } from '../support/record.ts';

const inputs = 100_000;
const batch = 250;
const limits = { ...defaultLimits, linger: 0 };

const tick = () => new Promise(resolve => setImmediate(resolve));

t.test(`${inputs} mutations of recorded conversations, with seed 1`, { timeout: TEST_LIMIT }, async t => {
  const recordings = (await recordClients(t)).map(splitFrames);
  recordings.push([
    hello,
    headers(1, requestFields('/test.Test/Hang')),
    data(1, message('x')),
    ping,
    headers(3, requestFields('/test.Test/Throw'), whole),
  ]);
  t.ok(
    recordings.every(frames => frames.length > 4),
    'there is something to mutate',
  );
  const random = new Random(1);
  let closed = 0;
  let torn = 0;
  let frames = 0;
  let slowest = 0;
  let before = 0;
  for (let done = 0; done < inputs; done += batch) {
    const start = performance.now();
    const sockets = Array.from({ length: batch }, () => {
      const socket = new MemorySocket(0);
      socket.once('close', () => closed++);
      const connection = new ServerConnection(socket, echo, limits, new MemoryAccount(1 << 30), expectThrown);
      for (const chunk of chop(random, mutate(random, recordings))) socket.push(chunk);
      return { socket, connection };
    });
    for (let i = 0; i < 4; i++) await tick();
    for (const { socket, connection } of sockets) {
      connection.destroy('the test is over');
      frames += socket.written;
      if (!socket.whole) torn++;
    }
    await tick();
    slowest = Math.max(slowest, performance.now() - start);
    if (done === inputs / 5) before = await memoryInUse();
  }
  await tick();
  t.equal(closed, inputs, 'every connection is closed');
  t.equal(torn, 0, 'and has sent whole frames only');
  t.ok(frames > inputs * 5, `${frames} frames were answered`);
  t.ok(slowest < 20_000, `${slowest} ms for the slowest ${batch}`);
  const growth = (await memoryInUse()) - before;
  t.ok(growth < 2e6, `${growth} bytes more are in use than after a fifth`);
});
