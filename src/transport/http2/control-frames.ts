import { ErrorCode } from './frames/error-code.ts';
import { Flag, FrameType, frameName, readUint31 } from './frames/frame.ts';
import type { ReceivingEnd } from './receiving-end.ts';
import type { Stream } from './stream.ts';
import { Illegal, isIllegal, receiveReset, receiveWindowUpdate, StreamState } from './stream-state.ts';

const noPayload = Buffer.alloc(0);

/** The most bytes that are kept of a GOAWAY's debug data. */
const maxDebug = 256;

/** Processes the frames that carry neither headers nor data (RFC 9113 sections 6.3 to 6.9), and illegal frames of any type. */
export class ControlFrames {
  /** The peer's first SETTINGS have come. */
  settled = false;
  private readonly connection: ReceivingEnd;

  constructor(connection: ReceivingEnd) {
    this.connection = connection;
  }

  /** Takes a frame whose header is legal. */
  frame(type: number, flags: number, streamId: number, chunk: Buffer, start: number, end: number): void {
    switch (type) {
      case FrameType.RstStream:
        this.rstStream(streamId, chunk, start);
        return;
      case FrameType.Settings:
        this.settings(flags, chunk, start, end);
        return;
      case FrameType.Ping:
        this.ping(flags, chunk, start, end);
        return;
      case FrameType.GoAway:
        this.goAway(chunk, start, end);
        return;
      case FrameType.WindowUpdate:
        this.windowUpdate(streamId, chunk, start);
        return;
      case FrameType.Priority:
        this.priority(streamId, end - start);
        return;
      case FrameType.PushPromise:
        this.fail(ErrorCode.ProtocolError, 'PUSH_PROMISE, which is not allowed');
        return;
      default:
        this.idleFrame();
    }
  }

  /** The state of a stream; `stream` is undefined if it is not in the table. */
  stateOf(stream: Stream | undefined, streamId: number): StreamState {
    return stream?.state ?? this.connection.closedStreams.stateOf(streamId, this.connection.lastStreamId);
  }

  /** Answers a frame that is illegal in the state of its stream. */
  refuseFrame(why: Illegal, type: number, streamId: number, stream: Stream | undefined): void {
    switch (why) {
      case Illegal.ConnectionProtocolError:
        this.fail(ErrorCode.ProtocolError, `${frameName(type)} on the idle stream ${streamId}`);
        return;
      case Illegal.ConnectionStreamClosed:
        this.fail(ErrorCode.StreamClosed, `${frameName(type)} on the closed stream ${streamId}`);
        return;
      case Illegal.StreamClosed:
        if (stream !== undefined)
          this.connection.refuse(stream, ErrorCode.StreamClosed, `${frameName(type)} after END_STREAM`);
        else if (this.idleFrame()) this.resetClosed(streamId);
        return;
      default:
        this.idleFrame();
    }
  }

  /** A stream error on a stream that is closed and forgotten. It costs one RST_STREAM: later frames are discarded. */
  private resetClosed(streamId: number): void {
    const { connection } = this;
    connection.closedStreams.add(streamId, StreamState.ResetEarly);
    connection.frames.reset(streamId, ErrorCode.StreamClosed);
    if (connection.role.server) connection.countReset();
  }

  /** Counts a frame that makes no progress; false if there were too many, and then the connection is over. */
  idleFrame(): boolean {
    if (this.connection.floods.idleFrames.take()) return true;
    this.failFlood('frames that make no progress');
    return false;
  }

  private rstStream(streamId: number, chunk: Buffer, start: number): void {
    const { connection } = this;
    const stream = connection.streams.get(streamId);
    const state = receiveReset(this.stateOf(stream, streamId));
    if (isIllegal(state)) {
      this.refuseFrame(state, FrameType.RstStream, streamId, stream);
      return;
    }
    stream!.state = state;
    connection.release(stream!);
    stream!.onReset(chunk.readUInt32BE(start), undefined);
    if (connection.role.server) this.connection.countReset();
  }

  private settings(flags: number, chunk: Buffer, start: number, end: number): void {
    const { connection } = this;
    if (!connection.floods.settings.take()) {
      this.failFlood('SETTINGS');
      return;
    }
    if ((flags & Flag.Ack) !== 0) {
      if (!this.settled) this.fail(ErrorCode.ProtocolError, 'the first frame is not SETTINGS');
      return;
    }
    const before = connection.peer.initialWindowSize;
    const fault = connection.peer.read(chunk, start, end, !connection.role.server);
    if (fault !== undefined) {
      this.fail(fault, 'SETTINGS with an illegal value');
      return;
    }
    connection.encoder.setTableSize(connection.peer.headerTableSize);
    connection.frames.frame(FrameType.Settings, Flag.Ack, 0, noPayload);
    this.resizeWindows(connection.peer.initialWindowSize - before);
    if (this.settled) {
      connection.role.onSettings();
      return;
    }
    this.settled = true;
    connection.role.onReady();
  }

  /** A new initial window moves the windows of all streams (RFC 9113 section 6.9.2). */
  private resizeWindows(by: number): void {
    if (by === 0) return;
    for (const stream of this.connection.streams.all()) {
      if (this.connection.sender.grow(stream, by)) continue;
      this.fail(ErrorCode.FlowControlError, 'SETTINGS make a window overflow');
      return;
    }
  }

  private ping(flags: number, chunk: Buffer, start: number, end: number): void {
    if (!this.connection.floods.pings.take()) {
      this.failFlood('PING');
      return;
    }
    if ((flags & Flag.Ack) === 0) {
      this.connection.frames.frame(FrameType.Ping, Flag.Ack, 0, chunk.subarray(start, end));
    }
  }

  private goAway(chunk: Buffer, start: number, end: number): void {
    if (!this.idleFrame()) return;
    const debug = chunk.toString('utf8', start + 8, Math.min(end, start + 8 + maxDebug));
    this.connection.role.onGoAway(readUint31(chunk, start), chunk.readUInt32BE(start + 4), debug);
  }

  private windowUpdate(streamId: number, chunk: Buffer, start: number): void {
    const { sender, streams } = this.connection;
    const increment = readUint31(chunk, start);
    if (!this.idleFrame()) return;
    if (streamId === 0) {
      if (increment === 0) {
        this.fail(ErrorCode.ProtocolError, 'WINDOW_UPDATE of 0');
        return;
      }
      if (!sender.growConnection(increment)) this.fail(ErrorCode.FlowControlError, 'the connection window overflows');
      return;
    }
    const stream = streams.get(streamId);
    const state = receiveWindowUpdate(this.stateOf(stream, streamId));
    if (isIllegal(state)) {
      this.refuseFrame(state, FrameType.WindowUpdate, streamId, stream);
      return;
    }
    if (increment === 0) {
      this.connection.refuse(stream!, ErrorCode.ProtocolError, 'WINDOW_UPDATE of 0');
      return;
    }
    if (!sender.grow(stream!, increment)) {
      this.connection.refuse(stream!, ErrorCode.FlowControlError, 'the stream window overflows');
    }
  }

  private priority(streamId: number, length: number): void {
    if (!this.idleFrame() || length === 5) return;
    const stream = this.connection.streams.get(streamId);
    const text = `PRIORITY of ${length} bytes`;
    if (stream !== undefined) this.connection.refuse(stream, ErrorCode.FrameSizeError, text);
    else this.fail(ErrorCode.FrameSizeError, text);
  }

  private failFlood(what: string): void {
    this.fail(ErrorCode.EnhanceYourCalm, `too many ${what}`);
  }

  private fail(code: ErrorCode, reason: string): void {
    this.connection.fail(code, reason);
  }
}
