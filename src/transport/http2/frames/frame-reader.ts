import { Flag, FrameType, frameHeaderSize, readUint31 } from './frame.ts';

/** Takes the frames of a FrameReader. `chunk` is lent for the call: copy the bytes to keep them, and never change them. */
export interface FrameSink {
  /** A whole frame of any type except unpadded DATA. Its payload is [start, end) of `chunk`. */
  frame(type: number, flags: number, streamId: number, chunk: Buffer, start: number, end: number): void;
  /** An unpadded DATA frame of `length` octets begins; its payload follows through dataPart. */
  dataBegins(flags: number, streamId: number, length: number): void;
  /** A part of the payload of DATA, empty for an empty frame. `last` ends the frame. */
  dataPart(chunk: Buffer, start: number, end: number, last: boolean): void;
  /** A frame header with a length above `maxFrameSize`. The sink must stop the reader. */
  oversized(type: number, streamId: number, length: number): void;
}

/**
 * Cuts a byte stream into frames (RFC 9113 section 4.1), for any cut of the stream into chunks. DATA is passed on as it comes, so
 * that a message is copied only once, into its place. Any other frame waits until it is whole.
 */
export class FrameReader {
  private readonly sink: FrameSink;
  private readonly maxFrameSize: number;
  private readonly header = Buffer.alloc(frameHeaderSize);
  private headerHave = 0;
  private type = 0;
  private flags = 0;
  private streamId = 0;
  private length = 0;
  private payload: Buffer | undefined;
  private payloadHave = 0;
  private dataLeft = 0;
  private inData = false;
  private stopped = false;

  constructor(sink: FrameSink, maxFrameSize: number) {
    this.sink = sink;
    this.maxFrameSize = maxFrameSize;
  }

  /** Whether the last push ended in the middle of a frame. */
  get midFrame(): boolean {
    return this.headerHave > 0 || this.payload !== undefined || this.inData;
  }

  /** Passes no more frames on, also none of the present chunk. */
  stop(): void {
    this.stopped = true;
    this.payload = undefined;
  }

  push(chunk: Buffer, start: number): void {
    let at = start;
    while (at < chunk.length && !this.stopped) {
      if (this.inData) at = this.pushData(chunk, at);
      else if (this.payload !== undefined) at = this.pushPayload(chunk, at);
      else at = this.pushHeader(chunk, at);
    }
  }

  private pushHeader(chunk: Buffer, start: number): number {
    let at = start;
    if (this.headerHave === 0 && chunk.length - at >= frameHeaderSize) {
      this.parseHeader(chunk, at);
      at += frameHeaderSize;
    } else {
      const take = Math.min(frameHeaderSize - this.headerHave, chunk.length - at);
      chunk.copy(this.header, this.headerHave, at, at + take);
      this.headerHave += take;
      at += take;
      if (this.headerHave < frameHeaderSize) return at;
      this.headerHave = 0;
      this.parseHeader(this.header, 0);
    }
    if (this.length > this.maxFrameSize) {
      this.sink.oversized(this.type, this.streamId, this.length);
      return chunk.length;
    }
    if (this.type === FrameType.Data && (this.flags & Flag.Padded) === 0) return this.beginData(chunk, at);
    if (chunk.length - at < this.length) {
      this.payload = Buffer.allocUnsafe(this.length);
      this.payloadHave = 0;
      return at;
    }
    this.sink.frame(this.type, this.flags, this.streamId, chunk, at, at + this.length);
    return at + this.length;
  }

  private parseHeader(from: Buffer, at: number): void {
    this.length = (from[at]! << 16) | (from[at + 1]! << 8) | from[at + 2]!;
    this.type = from[at + 3]!;
    this.flags = from[at + 4]!;
    this.streamId = readUint31(from, at + 5);
  }

  private beginData(chunk: Buffer, at: number): number {
    this.inData = true;
    this.dataLeft = this.length;
    this.sink.dataBegins(this.flags, this.streamId, this.length);
    if (this.stopped || (this.dataLeft > 0 && at === chunk.length)) return at;
    return this.pushData(chunk, at);
  }

  private pushData(chunk: Buffer, at: number): number {
    const take = Math.min(this.dataLeft, chunk.length - at);
    this.dataLeft -= take;
    const last = this.dataLeft === 0;
    if (last) this.inData = false;
    this.sink.dataPart(chunk, at, at + take, last);
    return at + take;
  }

  private pushPayload(chunk: Buffer, at: number): number {
    const payload = this.payload!;
    const take = Math.min(this.length - this.payloadHave, chunk.length - at);
    chunk.copy(payload, this.payloadHave, at, at + take);
    this.payloadHave += take;
    if (this.payloadHave === this.length) {
      this.payload = undefined;
      this.sink.frame(this.type, this.flags, this.streamId, payload, 0, this.length);
    }
    return at + take;
  }
}
