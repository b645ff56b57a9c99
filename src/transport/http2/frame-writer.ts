import { copyBytes } from '../../base/copy-bytes.ts';
import type { ErrorCode } from './frames/error-code.ts';
import { Flag, FrameType, frameHeaderSize, max31, writeFrameHeader } from './frames/frame.ts';
import type { Output } from './output.ts';

/** Writes the frames of a connection except DATA. */
export class FrameWriter {
  private readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }

  /** Writes a frame of any type. */
  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.part(type, flags, streamId, payload, 0, payload.length);
  }

  reset(streamId: number, code: ErrorCode): void {
    this.number(FrameType.RstStream, streamId, code);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.number(FrameType.WindowUpdate, streamId, increment);
  }

  /** Writes a header block of `length` bytes as HEADERS and, if it is longer than `size`, CONTINUATION. */
  headerBlock(streamId: number, flags: number, block: Buffer, length: number, size: number): void {
    if (length <= size) {
      this.part(FrameType.Headers, flags | Flag.EndHeaders, streamId, block, 0, length);
      return;
    }
    this.part(FrameType.Headers, flags, streamId, block, 0, size);
    for (let at = size; at < length; at += size) {
      const to = Math.min(length, at + size);
      this.part(FrameType.Continuation, to === length ? Flag.EndHeaders : 0, streamId, block, at, to);
    }
  }

  goAway(lastStreamId: number, code: ErrorCode, reason: string): void {
    const payload = Buffer.alloc(8 + Buffer.byteLength(reason));
    payload.writeUInt32BE(lastStreamId & max31, 0);
    payload.writeUInt32BE(code, 4);
    payload.write(reason, 8);
    this.frame(FrameType.GoAway, 0, 0, payload);
  }

  /** Writes a frame whose payload is one number of 32 bits. */
  private number(type: number, streamId: number, value: number): void {
    const at = this.output.reserve(frameHeaderSize + 4);
    writeFrameHeader(this.output.buffer, at, 4, type, 0, streamId);
    this.output.buffer.writeUInt32BE(value, at + frameHeaderSize);
  }

  /** Writes a frame with the bytes [start, end) of `from`. */
  private part(type: number, flags: number, streamId: number, from: Buffer, start: number, end: number): void {
    const at = this.output.reserve(frameHeaderSize + end - start);
    writeFrameHeader(this.output.buffer, at, end - start, type, flags, streamId);
    copyBytes(from, start, end, this.output.buffer, at + frameHeaderSize);
  }
}
