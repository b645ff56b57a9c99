import t from 'tap';
import { Code } from '../../../../src/base/codes.ts';
import { ProxyError } from '../../../../src/base/error.ts';
import { MemoryAccount } from '../../../../src/base/memory-account.ts';
import { serve } from '../../../../src/transport/grpc/server/server.ts';
import { waitFor } from '../../../support/child.ts';
import { dial } from '../../../support/dial.ts';
import { data, hello, longHeaders, message, ping, requestFields } from '../../support/frames.ts';
import { connectionOf, inside } from '../../support/inject.ts';
import { rawClient } from '../../support/raw-server.ts';
import { callOptions, listen, socketPath } from '../../support/sockets.ts';

const long = 'x'.repeat(100_000);

t.test('metadata counts as memory of its client while its call is served', async t => {
  const path = await socketPath(t);
  const held = new MemoryAccount(2_000_000);
  const gate = Promise.withResolvers<void>();
  let [served, failed] = [0, 0];
  const handle = async (sent: Buffer) => {
    served++;
    await gate.promise;
    return { message: sent, headers: [], trailers: [] };
  };
  const server = serve(await listen(path), () => ({ kind: 'unary', handle }), { held });
  t.teardown(() => server.close(0));
  const session = await dial(path, 10_000);
  const ask = (value: string) => session.call('/a/B', Buffer.from('x'), callOptions([['x', value]]));
  const calls = Array.from({ length: 20 }, async () => {
    try {
      await ask(long);
      return Code.OK;
    } catch (fault) {
      failed++;
      return (fault as ProxyError).code;
    }
  });
  await waitFor('all calls to be served or to fail', () => served + failed === 20 || undefined);
  const small = ask('short');
  gate.resolve();
  t.equal((await small).message.toString(), 'x', 'a small call is served meanwhile');
  const codes = await Promise.all(calls);
  const fine = codes.filter(code => code === Code.OK).length;
  t.ok(fine >= 5 && fine <= 9, `${fine} of 20 calls fit into three quarters of 1 MB`);
  t.same([...new Set(codes)].sort(), [Code.OK, Code.ResourceExhausted]);
  t.equal(held.used, 0, 'the memory is given back');
  session.close();
});

t.test('a connection keeps neither the long header list of a request nor a long status', async t => {
  const handle = async () => {
    throw new ProxyError(Code.NotFound, long);
  };
  const { peer, server } = rawClient({}, () => ({ kind: 'unary', handle }));
  peer.send(hello, ...longHeaders(1, [...requestFields('/a/B'), ['x', long]]).map(withoutEnd), data(1, message('x')));
  await peer.until(() => peer.words.some(word => word.startsWith('Continuation')));
  peer.send(ping);
  await peer.settle();
  const connection = connectionOf(server);
  t.ok(connection.encoder.block.length < 20_000, `${connection.encoder.block.length} bytes for blocks`);
  t.same(inside(connection).receiver.blocks.list.fields, []);
  server.destroy('the test is over');
});

/** The frame without END_STREAM. */
function withoutEnd(frame: Buffer): Buffer {
  frame[4] = frame[4]! & ~1;
  return frame;
}
