import { ControlFrames } from './control-frames.ts';
import { ErrorCode } from './frames/error-code.ts';
import { Flag, FrameType, frameName } from './frames/frame.ts';
import type { FrameSink } from './frames/frame-reader.ts';
import { findFrameFault } from './frames/frame-rules.ts';
import { HeaderAssembler } from './header-assembler.ts';
import { markField } from './header-rules.ts';
import { HeaderBlocks } from './hpack/header-blocks.ts';
import type { HeaderList } from './hpack/header-list.ts';
import { receiveContent, receiveEnd, receiveList } from './incoming-message.ts';
import type { ReceivingEnd } from './receiving-end.ts';
import type { Stream } from './stream.ts';
import { isIllegal, receiveData, receiveEndStream, receiveHeaders, StreamState } from './stream-state.ts';

/**
 * The receiving half of a connection: applies the rules of RFC 9113 sections 5 and 6 and the quotas to each frame. A broken rule ends
 * the stream or the connection, as the RFC says.
 */
export class Receiver implements FrameSink {
  framesRead = 0;
  readonly control: ControlFrames;
  private readonly connection: ReceivingEnd;
  private readonly blocks: HeaderBlocks;
  private readonly assembler = new HeaderAssembler();
  private window: number;
  private uncredited = 0;
  /** The stream of the DATA frame that is coming in; undefined if its payload is discarded. */
  private dataStream: Stream | undefined;
  private dataEnds = false;

  constructor(connection: ReceivingEnd) {
    this.connection = connection;
    this.control = new ControlFrames(connection);
    this.blocks = new HeaderBlocks(connection.limits, markField);
    this.window = connection.limits.connectionWindow;
  }

  /** A header block has begun and not ended. */
  get midBlock(): boolean {
    return this.assembler.streamId !== 0;
  }

  oversized(type: number, _streamId: number, length: number): void {
    this.connection.fail(ErrorCode.FrameSizeError, `${frameName(type)} of ${length} bytes`);
  }

  frame(type: number, flags: number, streamId: number, chunk: Buffer, start: number, end: number): void {
    this.framesRead++;
    if (!this.expects(type, flags, streamId, end - start)) return;
    switch (type) {
      case FrameType.Data:
        this.paddedData(flags, streamId, chunk, start, end);
        return;
      case FrameType.Headers:
        this.headers(flags, streamId, chunk, start, end);
        return;
      case FrameType.Continuation:
        this.continuation(flags, streamId, chunk, start, end);
        return;
      default:
        this.control.frame(type, flags, streamId, chunk, start, end);
    }
  }

  dataBegins(flags: number, streamId: number, length: number): void {
    this.framesRead++;
    if (this.expects(FrameType.Data, flags, streamId, length)) this.beginData(flags, streamId, length);
  }

  dataPart(chunk: Buffer, start: number, end: number, last: boolean): void {
    const stream = this.dataStream;
    if (stream === undefined) return;
    if (last) this.dataStream = undefined;
    if (stream.closed) return;
    const fault = receiveContent(stream, end - start);
    if (fault !== undefined) {
      this.refuse(stream, fault);
      return;
    }
    if (end > start) stream.onData(chunk, start, end);
    if (last && this.dataEnds && !stream.closed) this.endStream(stream);
  }

  /** Whether a frame is legal by its header, and may come now; if not, the connection is over. */
  private expects(type: number, flags: number, streamId: number, length: number): boolean {
    if (!this.control.settled && type !== FrameType.Settings) {
      this.fail(ErrorCode.ProtocolError, 'the first frame is not SETTINGS');
      return false;
    }
    const block = this.assembler.streamId;
    if ((block !== 0) !== (type === FrameType.Continuation) || (block !== 0 && block !== streamId)) {
      this.fail(
        ErrorCode.ProtocolError,
        block === 0 ? 'CONTINUATION without HEADERS' : 'a header block is interrupted',
      );
      return false;
    }
    const fault = findFrameFault(type, flags, streamId, length);
    if (fault !== undefined) this.fail(fault.code, fault.reason);
    return fault === undefined;
  }

  private beginData(flags: number, streamId: number, length: number): void {
    this.dataStream = undefined;
    this.window -= length;
    if (this.window < 0) {
      this.fail(ErrorCode.FlowControlError, 'DATA beyond the window of the connection');
      return;
    }
    this.creditConnection(length);
    if (length === 0 && (flags & Flag.EndStream) === 0 && !this.control.idleFrame()) return;
    const known = this.connection.streams.get(streamId);
    const state = receiveData(this.control.stateOf(known, streamId));
    if (isIllegal(state)) {
      this.control.refuseFrame(state, FrameType.Data, streamId, known);
      return;
    }
    const stream = known!;
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) {
      this.connection.refuse(stream, ErrorCode.FlowControlError, 'DATA beyond the window of the stream');
      return;
    }
    this.dataStream = stream;
    this.dataEnds = (flags & Flag.EndStream) !== 0;
  }

  /** END_STREAM came on DATA. */
  private endStream(stream: Stream): void {
    const fault = receiveEnd(stream);
    if (fault !== undefined) {
      this.refuse(stream, fault);
      return;
    }
    stream.state = receiveEndStream(stream.state) as StreamState;
    stream.onEnd();
  }

  private paddedData(flags: number, streamId: number, chunk: Buffer, start: number, end: number): void {
    const padding = start < end ? chunk[start]! : end - start;
    if (padding >= end - start) {
      this.fail(ErrorCode.ProtocolError, 'padding longer than its frame');
      return;
    }
    this.beginData(flags, streamId, end - start);
    const stream = this.dataStream;
    if (stream === undefined) return;
    this.connection.credit(stream, padding + 1);
    this.dataPart(chunk, start + 1, end - padding, true);
  }

  private headers(flags: number, streamId: number, chunk: Buffer, start: number, end: number): void {
    let from = start;
    let to = end;
    if ((flags & Flag.Padded) !== 0) {
      if (from === to) {
        this.fail(ErrorCode.FrameSizeError, 'HEADERS without the length of their padding');
        return;
      }
      to -= chunk[from++]!;
    }
    if ((flags & Flag.Priority) !== 0) from += 5;
    if (from > to) {
      this.fail(ErrorCode.ProtocolError, 'padding or priority longer than its frame');
      return;
    }
    const endStream = (flags & Flag.EndStream) !== 0;
    if ((flags & Flag.EndHeaders) !== 0) {
      this.headerBlock(streamId, endStream, chunk, from, to);
      return;
    }
    this.assembler.begin(streamId, endStream, chunk, from, to);
  }

  private continuation(flags: number, streamId: number, chunk: Buffer, start: number, end: number): void {
    const { assembler, connection } = this;
    assembler.add(chunk, start, end);
    const { maxContinuations, maxHeaderBlockSize } = connection.limits;
    const mostContinuations = maxContinuations + assembler.size / 1024;
    if (assembler.continuations > mostContinuations || assembler.size > maxHeaderBlockSize) {
      this.fail(ErrorCode.EnhanceYourCalm, 'the header block is too long');
      return;
    }
    if ((flags & Flag.EndHeaders) === 0) return;
    const endStream = assembler.endStream;
    const block = assembler.finish();
    this.headerBlock(streamId, endStream, block, 0, block.length);
  }

  private headerBlock(streamId: number, end: boolean, block: Buffer, from: number, to: number): void {
    const { connection, blocks } = this;
    const list = blocks.decode(block, from, to);
    const { fault } = blocks;
    if (fault !== undefined) {
      const bomb = list.size > connection.limits.maxDecodedSize;
      this.fail(bomb ? ErrorCode.EnhanceYourCalm : ErrorCode.CompressionError, `header block: ${fault}`);
      return;
    }
    this.takeBlock(streamId, list, end);
    blocks.drop(list);
  }

  private takeBlock(streamId: number, list: HeaderList, end: boolean): void {
    const { connection } = this;
    const known = connection.streams.get(streamId);
    const isPeers = connection.role.server && streamId % 2 === 1;
    const state = receiveHeaders(this.control.stateOf(known, streamId), isPeers);
    if (isIllegal(state)) {
      this.control.refuseFrame(state, FrameType.Headers, streamId, known);
      return;
    }
    const stream = known ?? this.acceptStream(streamId);
    if (stream === undefined) return;
    stream.state = state;
    this.takeList(stream, list, end);
  }

  private takeList(stream: Stream, list: HeaderList, end: boolean): void {
    const isTrailers = stream.headReceived;
    const fault = receiveList(stream, list, end, this.connection.role.server);
    if (fault !== undefined) {
      this.refuse(stream, fault);
      return;
    }
    if (!stream.headReceived) return;
    if (end) stream.state = receiveEndStream(stream.state) as StreamState;
    if (isTrailers) stream.onTrailers(list);
    else stream.onHeaders(list, end);
  }

  /** The stream for a request; undefined if it is refused. */
  private acceptStream(streamId: number): Stream | undefined {
    const { connection } = this;
    if (connection.goingAway || connection.streams.size >= connection.limits.maxConcurrentStreams) {
      // A stream above lastStreamId of GOAWAY needs no answer, but an answer ends the call at once.
      if (!connection.goingAway) connection.lastStreamId = streamId;
      connection.closedStreams.add(streamId, StreamState.ResetEarly);
      connection.frames.reset(streamId, ErrorCode.RefusedStream);
      connection.countReset();
      return undefined;
    }
    connection.lastStreamId = streamId;
    const stream = connection.role.accept();
    connection.register(stream, streamId);
    return stream;
  }

  /** The peer's message is malformed: a stream error (RFC 9113 section 8.1.1). */
  private refuse(stream: Stream, fault: string): void {
    this.connection.refuse(stream, ErrorCode.ProtocolError, fault);
  }

  private creditConnection(octets: number): void {
    this.uncredited += octets;
    if (this.uncredited < this.connection.limits.connectionWindow / 2) return;
    this.connection.frames.windowUpdate(0, this.uncredited);
    this.window += this.uncredited;
    this.uncredited = 0;
  }

  private fail(code: ErrorCode, reason: string): void {
    this.connection.fail(code, reason);
  }
}
