import type { Duplex } from 'node:stream';
import type { CallOptions, Reply, ReplyStream, RequestStream } from '../../../base/call.ts';
import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import { MemoryAccount } from '../../../base/memory-account.ts';
import type { ReportFault } from '../../../base/own-fault.ts';
import type { CallsWaiting } from '../../calls-waiting.ts';
import { Connection } from '../../http2/connection.ts';
import { type ErrorCode, errorName } from '../../http2/frames/error-code.ts';
import { max31 } from '../../http2/frames/frame.ts';
import type { Limits } from '../../http2/limits.ts';
import type { Role } from '../../http2/role.ts';
import type { Stream } from '../../http2/stream.ts';
import type { Session } from '../../session.ts';
import { messagePrefix } from '../messages/message-prefix.ts';
import type { ClientCall } from './client-call.ts';
import { RequestWriter } from './request-writer.ts';
import { StreamCall } from './stream-call.ts';
import { UnaryCall } from './unary-call.ts';
import { WaitingCalls } from './waiting-calls.ts';

/** The period of the check for stalls, in ms. */
const SWEEP = 10_000;

/** One connection to a server. It accepts no new calls after GOAWAY of the server, or after the last stream id. */
export class ClientSession implements Session, Role {
  readonly server = false;
  readonly prefix = messagePrefix;
  /** Resolves once the server's SETTINGS have come. */
  readonly ready: Promise<void>;
  readonly closed: Promise<string>;
  private readonly connection: Connection;
  /** The account of the proxy's own calls. */
  private readonly account: MemoryAccount;
  private readonly writer: RequestWriter;
  private readonly readiness = Promise.withResolvers<void>();
  private readonly closure = Promise.withResolvers<string>();
  /** Calls that wait until fewer streams are open, or until the server reads its socket. */
  private readonly waiting: WaitingCalls;
  private readonly counts: CallsWaiting;
  private nextId = 1;
  private sweeper: NodeJS.Timeout | undefined = undefined;
  /** The reason why no more calls are accepted; undefined while they are. */
  private closedReason: string | undefined = undefined;
  isLeaving = false;
  private endsWhenIdle = false;

  /** `listen` gets the function that takes the bytes of the socket. The bytes are lent for each call. */
  constructor(
    socket: Duplex,
    limits: Limits,
    userAgent: string,
    listen: (receive: (chunk: Buffer) => void) => void,
    counts: CallsWaiting,
    report: ReportFault,
  ) {
    this.counts = counts;
    this.waiting = new WaitingCalls(limits.maxWaiting, counts);
    this.ready = this.readiness.promise;
    this.closed = this.closure.promise;
    this.account = new MemoryAccount(limits.maxHeld);
    this.connection = new Connection(socket, this, limits, report);
    listen(chunk => this.connection.receive(chunk));
    this.writer = new RequestWriter(this.connection, userAgent);
  }

  call(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.start(new UnaryCall(this.connection, this.account, path, request, options, resolve, reject));
    });
  }

  stream(path: string, requests: RequestStream, options: CallOptions): ReplyStream {
    const call = new StreamCall(this.connection, this.account, path, requests, options);
    this.start(call);
    return call.reply;
  }

  endWhenIdle(): void {
    this.endsWhenIdle = true;
    this.connection.enter(() => this.endIfDrained());
  }

  close(): void {
    this.connection.destroy('closed by criproxy');
  }

  get isOver(): boolean {
    return this.connection.over;
  }

  accept(): Stream {
    throw new Error('a client accepts no streams');
  }

  onReady(): void {
    this.readiness.resolve();
  }

  onSettings(): void {
    this.openWaiting();
  }

  onRoom(): void {
    if (!this.waiting.isEmpty) this.openWaiting();
  }

  onRelease(): void {
    if (!this.waiting.isEmpty) this.openWaiting();
    this.endIfDrained();
  }

  onGoAway(lastStreamId: number, code: ErrorCode, debug: string): void {
    const reason = `GOAWAY ${errorName(code)}${debug === '' ? '' : `: ${debug}`}`;
    this.leave(reason);
    const { connection } = this;
    for (const stream of connection.streams.all()) {
      if (stream.id <= lastStreamId) continue;
      connection.abandon(stream, reason);
    }
    this.endIfDrained();
  }

  onOver(reason: string): void {
    this.stopSweeping();
    this.stopAccepting(reason);
  }

  private start(call: ClientCall): void {
    call.watch();
    if (call.closed) return;
    if (this.closedReason !== undefined) {
      this.turnAway(call);
    } else if (this.waiting.isEmpty && this.connection.hasRoom) {
      this.open(call);
    } else if (!this.waiting.add(call)) {
      const { maxWaiting } = this.connection.limits;
      const text = `criproxy: ${maxWaiting} calls of this client wait for ${this.counts.name} already`;
      call.cancel(new ProxyError(Code.ResourceExhausted, text));
    }
  }

  private open(call: ClientCall): void {
    try {
      this.openStream(call);
    } catch (fault) {
      this.connection.endByFault(fault);
      // A call that is not in the table of streams yet has not ended with the connection.
      if (!call.closed) this.turnAway(call);
    }
  }

  private openStream(call: ClientCall): void {
    const { connection } = this;
    if (!this.writer.encode(call)) return;
    connection.lastStreamId = this.nextId;
    connection.register(call, this.nextId);
    connection.sendHeaders(call, false);
    this.nextId += 2;
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP).unref();
    call.onOpen();
    if (this.nextId > max31) this.leave('no stream ids are left');
  }

  private openWaiting(): void {
    const { connection, waiting } = this;
    while (!waiting.isEmpty && connection.hasRoom) this.open(waiting.next()!);
  }

  /** Looks for stalls. It stops when no call is open. */
  private sweep(): void {
    const { connection } = this;
    if (connection.streams.size > 0) connection.enter(() => connection.sweepStalls(performance.now()));
    else this.stopSweeping();
  }

  private stopSweeping(): void {
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }

  private leave(reason: string): void {
    if (this.closedReason === undefined) this.isLeaving = true;
    this.stopAccepting(reason);
  }

  /** Accepts no more calls, and fails the waiting calls. */
  private stopAccepting(reason: string): void {
    if (this.closedReason !== undefined) return;
    this.closedReason = reason;
    this.closure.resolve(reason);
    for (let call = this.waiting.next(); call !== undefined; call = this.waiting.next()) this.turnAway(call);
  }

  private turnAway(call: ClientCall): void {
    this.connection.enter(() => call.turnAway(this.closedReason!, this.isLeaving));
  }

  private endIfDrained(): void {
    if (this.connection.streams.size > 0 || !this.waiting.isEmpty) return;
    if (this.endsWhenIdle) this.stopAccepting('closed by criproxy');
    if (this.closedReason !== undefined) this.connection.end(this.closedReason);
  }
}
