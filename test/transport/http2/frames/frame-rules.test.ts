import t from 'tap';
import { ErrorCode } from '../../../../src/transport/http2/frames/error-code.ts';
import { Flag, FrameType, frameName } from '../../../../src/transport/http2/frames/frame.ts';
import { findFrameFault } from '../../../../src/transport/http2/frames/frame-rules.ts';

const everyLength = [0, 1, 3, 4, 5, 6, 7, 8, 9, 12, 100];
const never = (length: number) => length < 0;

/** The lengths of each type that are legal, and the places: RFC 9113 sections 6.1 to 6.10. */
const rules: Readonly<
  Record<
    keyof typeof FrameType,
    readonly [legal: (length: number) => boolean, onStream: boolean, onConnection: boolean]
  >
> = {
  Data: [() => true, true, false],
  Headers: [() => true, true, false],
  Priority: [() => true, true, false],
  RstStream: [length => length === 4, true, false],
  Settings: [length => length % 6 === 0, false, true],
  PushPromise: [() => true, true, true],
  Ping: [length => length === 8, false, true],
  GoAway: [length => length >= 8, false, true],
  WindowUpdate: [length => length === 4, true, true],
  Continuation: [() => true, true, true],
};

for (const [type, [legal, onStream, onConnection]] of Object.entries(rules)) {
  t.test(type, async t => {
    const number = FrameType[type as keyof typeof FrameType];
    for (const [streamId, isAllowed] of [
      [1, onStream],
      [0, onConnection],
    ] as const) {
      const legalHere = isAllowed ? legal : never;
      const found = everyLength.filter(length => findFrameFault(number, 0, streamId, length) === undefined);
      t.same(found, everyLength.filter(legalHere), `lengths on stream ${streamId}`);
    }
  });
}

t.test('faults in words', async t => {
  const { FrameSizeError, ProtocolError } = ErrorCode;
  const { Data, Ping, Settings } = FrameType;
  t.same(findFrameFault(Data, 0, 0, 1), { code: ProtocolError, reason: 'DATA on stream 0' });
  t.same(findFrameFault(Ping, 0, 1, 8), { code: ProtocolError, reason: 'PING on a stream' });
  t.same(findFrameFault(Ping, 0, 0, 7), { code: FrameSizeError, reason: 'PING of 7 bytes' });
  t.same(findFrameFault(Settings, Flag.Ack, 0, 6), { code: FrameSizeError, reason: 'SETTINGS of 6 bytes' });
  t.equal(findFrameFault(Settings, Flag.Ack, 0, 0), undefined);
  for (const type of [10, 32, 36, 99, 255]) {
    t.equal(findFrameFault(type, 0, 0, 3), undefined, `the unknown type ${type}`);
    t.equal(findFrameFault(type, 0, 5, 3), undefined, `the unknown type ${type} on a stream`);
  }
  t.same([frameName(Ping), frameName(99)], ['PING', 'a frame of type 99']);
});
