import t from 'tap';
import { Code } from '../../../src/base/codes.ts';
import type { ProxyError } from '../../../src/base/error.ts';
import { FrameType } from '../../../src/transport/http2/frames/frame.ts';
import { SettingId } from '../../../src/transport/http2/frames/settings.ts';
import { HpackEncoder } from '../../../src/transport/http2/hpack/hpack-encoder.ts';
import { runtimeLimits } from '../../../src/transport/http2/limits.ts';
import { data, type Field, frame, message, uint32 } from '../support/frames.ts';
import { rawServer, requests } from '../support/raw-client.ts';
import { callOptions } from '../support/sockets.ts';

/** A header block in HEADERS and CONTINUATION of 16 KiB, whose fields enter the table. */
function headerFrames(encoder: HpackEncoder, streamId: number, fields: readonly Field[], end: boolean): Buffer {
  encoder.begin();
  for (const [name, value] of fields) encoder.add(name, value, 'indexed');
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < encoder.length; at += 16_384) {
    const to = Math.min(at + 16_384, encoder.length);
    const flags = (at === 0 && end ? 1 : 0) | (to === encoder.length ? 4 : 0);
    const type = at === 0 ? FrameType.Headers : FrameType.Continuation;
    frames.push(frame(type, flags, streamId, Buffer.from(encoder.block.subarray(at, to))));
  }
  return Buffer.concat(frames);
}

for (const size of [300_000, 2_000_000]) {
  t.test(`an error text of ${size} bytes from a runtime that keeps to no limit`, async t => {
    const { peer, session } = await rawServer();
    const encoder = new HpackEncoder();
    const head: Field[] = [
      [':status', '200'],
      ['content-type', 'application/grpc'],
    ];
    const well = session.call('/a/Well', Buffer.alloc(0), callOptions());
    const failing = session.call('/a/Long', Buffer.alloc(0), callOptions());
    await requests(peer, 2);
    peer.send(headerFrames(encoder, 1, [...head, ['x', 'first']], false));
    const text = `no such image: ${'y'.repeat(size)}`;
    peer.send(
      headerFrames(encoder, 3, [...head, ['x', 'second'], ['grpc-message', text], ['grpc-status', '5']], true),
      data(1, message('hello'), 0),
      // The fields come by their indices, which must be right after the long text.
      headerFrames(
        encoder,
        1,
        [
          ['grpc-status', '0'],
          ['x', 'second'],
        ],
        true,
      ),
    );
    const fault = (await failing.catch((error: unknown) => error)) as ProxyError;
    t.equal(fault.code, Code.NotFound, "the runtime's code");
    t.ok(text.startsWith(fault.message) && fault.message.length >= Math.min(text.length, 500_000), 'and its text');
    const reply = await well;
    t.same([reply.message.toString(), reply.trailers], ['hello', [['x', 'second']]], 'another call is none the worse');
    session.close();
  });
}

t.test("a runtime is told grpc-go's own limit of 16 MiB", async t => {
  const { peer, session } = await rawServer();
  const settings = await peer.frame(each => each.type === FrameType.Settings);
  const announced = Buffer.concat([Buffer.from([0, SettingId.MaxHeaderListSize]), uint32(16 * 1024 * 1024)]);
  t.ok(settings.payload.includes(announced));
  t.equal(runtimeLimits.maxHeaderListSize, 16 * 1024 * 1024);
  session.close();
});
