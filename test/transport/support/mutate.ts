import { frameHeaderSize, preface } from '../../../src/transport/http2/frames/frame.ts';
import type { Random } from './random.ts';

/** The frames of a recording. A preface counts as a frame. */
export function splitFrames(recording: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let at = 0;
  if (recording.subarray(0, preface.length).equals(preface)) {
    frames.push(recording.subarray(0, preface.length));
    at = preface.length;
  }
  while (at + frameHeaderSize <= recording.length) {
    const end = at + frameHeaderSize + recording.readUIntBE(at, 3);
    frames.push(recording.subarray(at, end));
    at = end;
  }
  return frames;
}

const interesting = [0, 1, 2, 4, 8, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xbe, 0xff];

/** A recording in which some frames or bytes are changed, moved, lost or doubled. */
export function mutate(random: Random, recordings: ReadonlyArray<readonly Buffer[]>): Buffer {
  const frames = [...random.pick(recordings)];
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(frames.length);
    const frame = Buffer.from(frames[at]!);
    switch (random.below(12)) {
      case 0:
        frames.splice(at, 1);
        break;
      case 1:
        frames.splice(at, 0, frame);
        break;
      case 2:
        frames.splice(at, 0, random.pick(random.pick(recordings)));
        break;
      case 3:
        frames[at] = frame.subarray(0, random.below(frame.length));
        break;
      case 4:
        frames[at] = Buffer.concat([frame, random.octets(random.below(20))]);
        break;
      case 5:
        frames.splice(at, 1);
        frames.splice(random.below(frames.length + 1), 0, frame);
        break;
      case 6:
        // The type, the flags or the stream id of the frame.
        if (frame.length > 8) frame[random.pick([3, 4, 8])] = random.pick(interesting);
        frames[at] = frame;
        break;
      default:
        if (frame.length > 0)
          frame[random.below(frame.length)] = random.below(2) === 0 ? random.pick(interesting) : random.below(256);
        frames[at] = frame;
    }
    if (frames.length === 0) frames.push(Buffer.alloc(0));
  }
  return Buffer.concat(frames);
}

/** Cuts bytes into random chunks, as a socket can. */
export function chop(random: Random, bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  const most = random.pick([1 << 20, 1 << 20, 1000, 20]);
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(Math.min(most, bytes.length - at));
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
