import type { Duplex } from 'node:stream';
import { IdTable } from '../../base/id-table.ts';
import type { ReportFault } from '../../base/own-fault.ts';
import { beginBatch, endBatch } from './batch.ts';
import { ClosedStreams } from './closed-streams.ts';
import { Floods } from './floods.ts';
import { FrameWriter } from './frame-writer.ts';
import { ErrorCode } from './frames/error-code.ts';
import { Flag, FrameType, preface } from './frames/frame.ts';
import { FrameReader } from './frames/frame-reader.ts';
import { PeerSettings } from './frames/settings.ts';
import { HpackEncoder } from './hpack/hpack-encoder.ts';
import type { Limits } from './limits.ts';
import { Output } from './output.ts';
import { ownSettings } from './own-settings.ts';
import { Receiver } from './receiver.ts';
import type { ReceivingEnd } from './receiving-end.ts';
import type { Role } from './role.ts';
import { Sender } from './sender.ts';
import type { Stream } from './stream.ts';
import { canReceive, lose, sendEndStream, sendHeaders, sendReset } from './stream-state.ts';

/** The first window of every connection and stream (RFC 9113 section 6.9.2). */
const initialWindow = 65_535;

/** One HTTP/2 connection (RFC 9113) of a client or a server: its streams and its sending half. The Receiver is the other half. */
export class Connection implements ReceivingEnd {
  readonly limits: Limits;
  readonly role: Role;
  readonly peer = new PeerSettings();
  readonly encoder = new HpackEncoder();
  readonly floods: Floods;
  readonly sender: Sender;
  readonly frames: FrameWriter;
  readonly output: Output;
  readonly streams = new IdTable<Stream>();
  readonly closedStreams = new ClosedStreams();
  /** The highest stream id that the client of the connection has used. */
  lastStreamId = 0;
  /** The number of streams that have been opened. */
  opened = 0;
  /** GOAWAY is sent: no further stream is accepted. */
  goingAway = false;
  over = false;
  /** Takes the faults of this program that end the connection, or a call on it. */
  readonly report: ReportFault;
  private failing = false;
  private hasFault = false;
  private readonly socket: Duplex;
  private readonly reader: FrameReader;
  private readonly receiver: Receiver;
  private prefaceLeft: number;

  constructor(socket: Duplex, role: Role, limits: Limits, report: ReportFault) {
    this.socket = socket;
    this.role = role;
    this.limits = limits;
    this.report = report;
    this.floods = new Floods(limits);
    this.output = new Output(
      socket,
      {
        room: () => {
          this.sender.pump(undefined);
          this.role.onRoom();
        },
        backlog: () => this.fail(ErrorCode.EnhanceYourCalm, 'the peer does not read its socket'),
        fault: fault => this.endByFault(fault),
      },
      limits.outputHighWater,
      limits.maxBacklog,
    );
    this.frames = new FrameWriter(this.output);
    this.sender = new Sender(this.output, this.peer, this.floods, role.prefix);
    this.receiver = new Receiver(this);
    this.reader = new FrameReader(this.receiver, limits.maxFrameSize);
    this.prefaceLeft = role.server ? preface.length : 0;
    socket.on('error', error => this.lose(error.message));
    socket.on('end', () => this.lose('the peer has closed the connection'));
    socket.on('close', () => this.lose('the connection is closed'));
    this.greet();
  }

  /** The number of frames read. With `midFrame` it tells a sweep that a frame does not end. */
  get framesRead(): number {
    return this.receiver.framesRead;
  }

  get midFrame(): boolean {
    return this.prefaceLeft > 0 || this.reader.midFrame || this.receiver.midBlock;
  }

  /** The handshake is done. */
  get ready(): boolean {
    return this.receiver.control.settled;
  }

  private greet(): void {
    const { limits, role } = this;
    if (!role.server) this.output.write(preface, 0, preface.length);
    this.frames.frame(FrameType.Settings, 0, 0, ownSettings(limits, role.server));
    if (limits.connectionWindow > initialWindow) this.frames.windowUpdate(0, limits.connectionWindow - initialWindow);
  }

  /** Takes the bytes that the socket has read; `chunk` is lent for the call. */
  receive(chunk: Buffer): void {
    if (this.over) return;
    let at = 0;
    if (this.prefaceLeft > 0) {
      at = Math.min(this.prefaceLeft, chunk.length);
      const from = preface.length - this.prefaceLeft;
      if (preface.compare(chunk, 0, at, from, from + at) !== 0) {
        this.fail(ErrorCode.ProtocolError, 'the peer does not speak HTTP/2');
        return;
      }
      this.prefaceLeft -= at;
    }
    beginBatch();
    try {
      this.reader.push(chunk, at);
    } catch (fault) {
      this.endByFault(fault);
    } finally {
      endBatch(false);
    }
  }

  /**
   * Runs an entry from outside: a timer, or a call from above. A fault of this program leaves the connection in an unknown state, so
   * the connection ends, and the fault goes no further. Returns undefined after a fault.
   */
  enter<T>(entry: () => T): T | undefined {
    try {
      return entry();
    } catch (fault) {
      this.endByFault(fault);
      return undefined;
    }
  }

  /** Ends the connection because of a fault of this program. The faults after the first one are its consequences. */
  endByFault(fault: unknown): void {
    if (this.hasFault) return;
    this.hasFault = true;
    this.report(fault, this.role.server ? 'client connection' : 'runtime connection');
    const reason = 'a fault of criproxy (see its log)';
    try {
      this.fail(ErrorCode.InternalError, reason);
    } catch {
      // The fault is in the way to the socket.
    }
    this.lose(reason);
  }

  /** Enters a stream into the table, and sets its first windows. */
  register(stream: Stream, id: number): void {
    stream.id = id;
    stream.sendWindow = this.peer.initialWindowSize;
    stream.receiveWindow = this.limits.streamWindow;
    this.streams.add(stream);
    this.opened++;
  }

  /** Removes a closed stream from the table. No method of it is called any more. */
  release(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.sender.drop(stream);
    this.closedStreams.add(stream.id, stream.state);
    // It may open other calls, whose faults must not keep the call of this stream from its end.
    try {
      this.role.onRelease();
    } catch (fault) {
      this.endByFault(fault);
    }
  }

  /** Sends the encoder's block as HEADERS and, if it is long, CONTINUATION. */
  sendHeaders(stream: Stream, end: boolean): void {
    const { block, length } = this.encoder;
    const flags = end ? Flag.EndStream : 0;
    stream.state = sendHeaders(stream.state);
    stream.headSent = true;
    if (end) stream.state = sendEndStream(stream.state);
    this.frames.headerBlock(stream.id, flags, block, length, this.peer.maxFrameSize);
    this.encoder.drop();
  }

  /** Whether a stream may be opened: the peer allows another one, and reads its socket. */
  get hasRoom(): boolean {
    return this.streams.size < this.peer.maxConcurrentStreams && !this.output.full;
  }

  /** Sends one message at a time for each stream. False if a part of it waits: then the stream's onSent follows. */
  send(stream: Stream, message: Buffer, end: boolean): boolean {
    return this.sender.send(stream, message, end);
  }

  /** Resets the streams whose message moves too slowly; `now` is of performance.now(). */
  sweepStalls(now: number): void {
    for (const stream of this.streams.all()) {
      if (!stream.isStalled(now, this.limits)) continue;
      this.reset(stream, ErrorCode.EnhanceYourCalm);
      stream.onStall();
    }
  }

  /** Resets a stream on which the peer has broken a rule. */
  refuse(stream: Stream, code: ErrorCode, fault: string): void {
    this.reset(stream, code);
    stream.onReset(code, fault);
    // Only a client can open streams, and so cause resets, without end.
    if (this.role.server) this.countReset();
  }

  /** Counts a stream that was reset by the peer or because of it. */
  countReset(): void {
    if (!this.floods.resets.take()) this.fail(ErrorCode.EnhanceYourCalm, 'too many streams are reset');
  }

  /** Closes a stream, with RST_STREAM unless both sides have ended, and removes it from the table. */
  reset(stream: Stream, code: ErrorCode): void {
    if (!stream.closed) {
      stream.state = sendReset(stream.state);
      this.frames.reset(stream.id, code);
    }
    this.release(stream);
  }

  /** Closes a stream that the peer does not process. */
  abandon(stream: Stream, reason: string): void {
    stream.state = lose(stream.state);
    this.release(stream);
    stream.onLost(reason, true);
  }

  /** Lets the peer send `octets` more bytes on the stream; small amounts are collected for one frame. */
  credit(stream: Stream, octets: number): void {
    stream.uncredited += octets;
    if (stream.uncredited < this.limits.streamWindow / 2 || !canReceive(stream.state)) return;
    this.frames.windowUpdate(stream.id, stream.uncredited);
    stream.receiveWindow += stream.uncredited;
    stream.uncredited = 0;
  }

  /** Sends GOAWAY: no further stream is accepted. */
  goAway(): void {
    if (this.goingAway || this.over) return;
    this.goingAway = true;
    this.writeGoAway(ErrorCode.NoError, '');
  }

  /** Ends the connection without an error. No call is in flight. */
  end(reason: string): void {
    if (this.over) return;
    this.output.flush();
    this.lose(reason);
  }

  /** Ends the connection with an error of the peer: GOAWAY has its code and reason. */
  fail(code: ErrorCode, reason: string): void {
    if (this.over || this.failing) return;
    // The flush may find a backlog, and then it calls this method.
    this.failing = true;
    this.writeGoAway(code, reason);
    this.output.flush();
    this.lose(reason);
  }

  /** Ends the connection without GOAWAY. */
  destroy(reason: string): void {
    this.lose(reason);
    this.socket.destroy();
  }

  private lose(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.reader.stop();
    this.output.end();
    this.socket.end();
    // A peer that does not read would keep the socket open for ever.
    const timer = setTimeout(() => this.socket.destroy(), this.limits.linger);
    this.socket.once('close', () => clearTimeout(timer));
    for (const stream of this.streams.all()) {
      // The end of one stream may have released others. A stream that is closed and not released has not ended its call.
      if (this.streams.get(stream.id) !== stream) continue;
      stream.state = lose(stream.state);
      this.enter(() => stream.onLost(reason, false));
    }
    this.streams.clear();
    this.enter(() => this.role.onOver(reason));
  }

  private writeGoAway(code: ErrorCode, reason: string): void {
    this.frames.goAway(this.role.server ? this.lastStreamId : 0, code, reason);
  }
}
