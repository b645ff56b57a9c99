import t from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { FrameType } from '../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../src/transport/http2/frames/settings.ts';
import { settings, windowUpdate } from '../support/control-frames.ts';
import { data, headers, hello, message, requestFields, whole } from '../support/frames.ts';
import { rawServer, requests } from '../support/raw-client.ts';
import type { RawPeer } from '../support/raw-peer.ts';
import { rawClient } from '../support/raw-server.ts';
import { callOptions } from '../support/sockets.ts';

const MiB = 1024 * 1024;
const large = Buffer.alloc(4 * MiB, 'x');
const total = large.length + 5;

/** The settings of gRPC core: frames and windows larger than a message. */
const generous = Buffer.concat([
  settings([SettingId.MaxFrameSize, 8 * MiB], [SettingId.InitialWindowSize, 8 * MiB]),
  windowUpdate(0, 8 * MiB),
]);

function dataSizes(peer: RawPeer, id: number): number[] {
  return peer.frames
    .filter(each => each.type === FrameType.Data && each.streamId === id)
    .map(each => each.payload.length);
}

const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0);

t.test('a request of 4 MiB to a server that accepts it in one frame', async t => {
  const { peer, session } = await rawServer(generous);
  const call = session.call('/a/B', large, callOptions());
  await peer.until(() => sum(dataSizes(peer, 1)) === total);
  t.ok(Math.max(...dataSizes(peer, 1)) <= 64 * 1024, 'no frame is larger than 64 KiB');
  peer.send(
    headers(1, [
      [':status', '200'],
      ['content-type', 'application/grpc'],
    ]),
    data(1, message('hello'), 0),
    headers(1, [['grpc-status', '0']], whole),
  );
  t.equal((await call).message.toString(), 'hello');
  session.close();
});

t.test('a request header of 200 kB to a server that accepts it in one frame', async t => {
  const { peer, session } = await rawServer(generous);
  const call = session.call('/a/B', Buffer.alloc(0), callOptions([['x', 'y'.repeat(200_000)]]));
  call.catch(() => {});
  await requests(peer, 1);
  await peer.until(() => dataSizes(peer, 1).length > 0);
  t.ok(Math.max(...peer.frames.map(each => each.payload.length)) <= 64 * 1024);
  session.close();
  await t.rejects(call, { code: Code.Unavailable });
});

t.test('an answer of 4 MiB does not delay a short one after it', async t => {
  const service = (path: string) => ({
    kind: 'unary' as const,
    handle: async () => ({
      message: path === '/a/Long' ? large : Buffer.from('short'),
      headers: [],
      trailers: [],
    }),
  });
  const { peer, server } = rawClient({}, service);
  const ask = (id: number, path: string) => Buffer.concat([headers(id, requestFields(path)), data(id, message(''))]);
  peer.send(hello, generous, ask(1, '/a/Long'), ask(3, '/a/Short'));
  await peer.until(() => sum(dataSizes(peer, 1)) === total && dataSizes(peer, 3).length > 0);
  t.ok(Math.max(...dataSizes(peer, 1)) <= 64 * 1024, 'no frame is larger than 64 KiB');
  const ids = peer.frames.filter(each => each.type === FrameType.Data).map(each => each.streamId);
  const ahead = ids.slice(0, ids.indexOf(3)).length * 64 * 1024;
  t.ok(ahead <= MiB, `the short answer waits for ${ahead} bytes of the long one`);
  server.destroy('the test is over');
});
