import t from 'tap';
import { ProxyError } from '../../../src/base/error.ts';
import { openSession } from '../../../src/transport/grpc/client/client.ts';
import { preface } from '../../../src/transport/http2/frames/frame.ts';
import { TEST_LIMIT } from '../../support/require.ts';
import { settings } from '../support/control-frames.ts';
import { MemorySocket } from '../support/memory-socket.ts';
import { chop, mutate, splitFrames } from '../support/mutate.ts';
import { Random } from '../support/random.ts';
import { makeCalls, recordServer } from '../support/record.ts';

const inputs = 20_000;
const tick = () => new Promise(resolve => setImmediate(resolve));

t.test(`${inputs} mutations of a recorded server, with seed 2`, { timeout: TEST_LIMIT }, async t => {
  const recordings = [splitFrames(await recordServer(t))];
  t.ok(recordings[0]!.length > 10, 'there is something to mutate');
  const random = new Random(2);
  let fulfilled = 0;
  let rejected = 0;
  const odd: unknown[] = [];
  const converse = async (): Promise<void> => {
    const socket = new MemorySocket(preface.length);
    socket.push(settings([4, 1 << 20]));
    const session = await openSession(socket, { limits: { linger: 0 } });
    const calls = makeCalls(session);
    for (const chunk of chop(random, mutate(random, recordings))) socket.push(chunk);
    for (let i = 0; i < 4; i++) await tick();
    session.close();
    for (const outcome of (await calls) as PromiseSettledResult<unknown>[]) {
      if (outcome.status === 'fulfilled') fulfilled++;
      else rejected++;
      if (outcome.status === 'rejected' && !(outcome.reason instanceof ProxyError)) odd.push(outcome.reason);
    }
  };
  for (let done = 0; done < inputs; done += 100) await Promise.all(Array.from({ length: 100 }, converse));
  t.equal(fulfilled + rejected, inputs * 6, 'every call has ended');
  t.ok(fulfilled > inputs, `${fulfilled} of them well`);
  t.same(odd.slice(0, 3), [], 'with ProxyErrors only');
});
