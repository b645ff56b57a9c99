import type { Floods } from './floods.ts';
import { Flag, FrameType, frameHeaderSize, max31, writeFrameHeader } from './frames/frame.ts';
import type { PeerSettings } from './frames/settings.ts';
import type { Output } from './output.ts';
import type { Stream } from './stream.ts';
import { sendData, sendEndStream } from './stream-state.ts';

/** Bytes that stand in front of each message. */
export interface Prefix {
  readonly size: number;
  /** The byte at `position` of the prefix of a message of `length` bytes; its lowest 8 bits count. */
  byteAt(position: number, length: number): number;
}

/** The frames of one stream before the turn of the next stream. */
const turn = 4;

/** Sends messages as DATA frames, as far as the windows (RFC 9113 section 5.2) and the socket allow. The rest waits. */
export class Sender {
  /** The connection's send window. */
  window = 65_535;
  private readonly output: Output;
  private readonly peer: PeerSettings;
  private readonly floods: Floods;
  private readonly prefix: Prefix;
  /** Streams that wait for the connection's window or the socket, in turn. Streams that wait for their own window are not here. */
  private readonly queue: Stream[] = [];
  private pumping = false;

  constructor(output: Output, peer: PeerSettings, floods: Floods, prefix: Prefix) {
    this.output = output;
    this.peer = peer;
    this.floods = floods;
    this.prefix = prefix;
  }

  /** Sends one message at a time for each stream. False if a part of it waits: then the stream's onSent follows. */
  send(stream: Stream, message: Buffer, end: boolean): boolean {
    const total = this.prefix.size + message.length;
    stream.state = sendData(stream.state);
    stream.outgoing = message;
    stream.sent = 0;
    stream.endAfter = end;
    const fits = total <= stream.sendWindow && total <= this.window && total <= this.peer.maxFrameSize;
    if (fits && this.queue.length === 0 && !this.output.full) {
      this.writeFrame(stream, message, total);
      stream.outgoing = undefined;
      return true;
    }
    this.enqueue(stream);
    this.pump(stream);
    return stream.outgoing === undefined;
  }

  /** Sends END_STREAM on an empty DATA frame. */
  end(stream: Stream): void {
    stream.state = sendEndStream(stream.state);
    const at = this.output.reserve(frameHeaderSize);
    writeFrameHeader(this.output.buffer, at, 0, FrameType.Data, Flag.EndStream, stream.id);
  }

  /** Enlarges the window of one stream; false if it overflows. */
  grow(stream: Stream, increment: number): boolean {
    stream.sendWindow += increment;
    if (stream.sendWindow > max31) return false;
    if (stream.outgoing !== undefined && stream.sendWindow > 0 && !stream.queued) {
      this.enqueue(stream);
      this.pump(undefined);
    }
    return true;
  }

  /** Enlarges the window of the connection; false if it overflows. */
  growConnection(increment: number): boolean {
    this.window += increment;
    if (this.window > max31) return false;
    this.pump(undefined);
    return true;
  }

  /** Drops the rest of a closed stream's message. */
  drop(stream: Stream): void {
    stream.outgoing = undefined;
  }

  /** Sends as much as the windows and the socket allow. `starter` is inside `send`, whose result replaces onSent. */
  pump(starter: Stream | undefined): void {
    if (this.pumping) return;
    this.pumping = true;
    while (this.queue.length > 0 && this.window > 0 && !this.output.full) {
      const stream = this.queue.shift()!;
      stream.queued = false;
      if (stream.outgoing !== undefined && this.advance(stream) && stream !== starter) stream.onSent();
    }
    this.pumping = false;
  }

  private enqueue(stream: Stream): void {
    if (stream.queued) return;
    stream.queued = true;
    this.queue.push(stream);
  }

  /** Sends the frames of one turn; true if the whole message is sent. */
  private advance(stream: Stream): boolean {
    const message = stream.outgoing!;
    const total = this.prefix.size + message.length;
    for (let frames = 0; stream.sent < total; frames++) {
      if (stream.sendWindow <= 0) return false;
      if (frames === turn || this.window <= 0 || this.output.full) {
        this.enqueue(stream);
        return false;
      }
      const length = Math.min(total - stream.sent, stream.sendWindow, this.window, this.peer.maxFrameSize);
      this.writeFrame(stream, message, length);
    }
    stream.outgoing = undefined;
    return true;
  }

  private writeFrame(stream: Stream, message: Buffer, length: number): void {
    const { output, prefix } = this;
    const end = stream.sent + length;
    const isLast = stream.endAfter && end === prefix.size + message.length;
    if (isLast) stream.state = sendEndStream(stream.state);
    const prefixed = Math.max(0, Math.min(end, prefix.size) - stream.sent);
    const at = output.reserve(frameHeaderSize + prefixed);
    writeFrameHeader(output.buffer, at, length, FrameType.Data, isLast ? Flag.EndStream : 0, stream.id);
    for (let i = 0; i < prefixed; i++) {
      output.buffer[at + frameHeaderSize + i] = prefix.byteAt(stream.sent + i, message.length);
    }
    if (length > prefixed) output.write(message, stream.sent + prefixed - prefix.size, end - prefix.size);
    stream.sent = end;
    stream.sendWindow -= length;
    this.window -= length;
    this.floods.dataSent();
  }
}
