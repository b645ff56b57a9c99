import { type Alarm, clearAlarm, setAlarm } from '../../../base/alarm.ts';
import type { Metadata, Method, Reply, Service } from '../../../base/call.ts';
import { Code } from '../../../base/codes.ts';
import { EndingCall } from '../../../base/ending-call.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import { beginBatch, endBatch } from '../../http2/batch.ts';
import type { Connection } from '../../http2/connection.ts';
import { ErrorCode } from '../../http2/frames/error-code.ts';
import type { HeaderList } from '../../http2/hpack/header-list.ts';
import { Stream } from '../../http2/stream.ts';
import { canReceive } from '../../http2/stream-state.ts';
import { countReply } from '../../memory/message-memory.ts';
import { type MessageHead, parseHead } from '../message-head.ts';
import { Inbox } from '../messages/inbox.ts';
import { MessageReader, tooLarge } from '../messages/message-reader.ts';
import { isGrpc } from '../owned-names.ts';
import { parseTimeout, tooLate } from '../timeout.ts';
import { HeldMessages } from './held-messages.ts';
import { type ResponseWriter, tooManyHeaders } from './response-writer.ts';
import { StreamAnswer } from './stream-answer.ts';
import { UnaryRequest } from './unary-request.ts';

/** An answer of this size may exceed the client's window, and is held before it is sent. Smaller answers are held only while they wait. */
const MAY_WAIT = 16 * 1024;

/** One incoming call, from its request to its status. */
export class ServerCall extends Stream {
  encoding = '';
  readonly maxMessageSize: number;
  private readonly connection: Connection;
  private readonly writer: ResponseWriter;
  private readonly service: Service;
  private readonly reader: MessageReader;
  readonly account: MemoryAccount;
  private readonly held: HeldMessages;
  private method: Method | undefined = undefined;
  private call: EndingCall | undefined = undefined;
  private alarm: Alarm | undefined = undefined;
  /** For a unary call: the request, and the trailers after the reply. */
  private readonly request: UnaryRequest;
  private trailers: Metadata = noMetadata;
  /** For a streaming call: the handler's requests and answers. */
  private inbox: Inbox | undefined = undefined;
  private stream: StreamAnswer | undefined = undefined;

  constructor(connection: Connection, writer: ResponseWriter, service: Service, account: MemoryAccount) {
    super();
    this.connection = connection;
    this.writer = writer;
    this.service = service;
    this.maxMessageSize = connection.limits.maxMessageSize;
    this.reader = new MessageReader(this.maxMessageSize, account);
    this.account = account;
    this.held = new HeldMessages(account);
    this.request = new UnaryRequest(this.reader, this.held, this);
  }

  get streaming(): boolean {
    return this.method?.kind === 'stream';
  }

  onHeaders(list: HeaderList, end: boolean): void {
    if (list.truncated) {
      this.fail(new ProxyError(Code.ResourceExhausted, 'the header list is too large'));
      return;
    }
    const head = parseHead(list);
    const fault = findHttpFault(head);
    if (!this.held.holdHeaders(list.size)) this.fail(tooLarge());
    else if (fault === undefined) this.begin(head, end);
    else {
      this.writer.httpError(this, fault);
      this.closeStream();
    }
  }

  /** Trailers of a request have no meaning in gRPC. */
  onTrailers(): void {
    this.onEnd();
  }

  onData(chunk: Buffer, start: number, end: number): void {
    if (this.inbox !== undefined) {
      this.inbox.push(chunk, start, end);
      return;
    }
    if (!this.request.push(chunk, start, end)) return;
    this.connection.credit(this, end - start);
  }

  onEnd(): void {
    if (this.inbox !== undefined) {
      this.inbox.end(undefined);
      return;
    }
    this.request.end();
  }

  onReset(code: ErrorCode, fault: string | undefined): void {
    const what = code === ErrorCode.Cancel ? 'cancelled' : 'reset';
    this.abandonCall(new ProxyError(Code.Cancelled, fault ?? `the client has ${what} the call`));
  }

  onLost(reason: string): void {
    this.abandonCall(new ProxyError(Code.Cancelled, `the client is gone: ${reason}`));
  }

  onStall(): void {
    this.abandonCall(new ProxyError(Code.Cancelled, 'the client moves its messages too slowly'));
  }

  onSent(): void {
    this.held.releaseReply();
    if (this.stream !== undefined) this.stream.sent();
    else this.finish(this.trailers);
  }

  /** As Connection.enter. */
  enter<T>(entry: () => T): T | undefined {
    return this.connection.enter(entry);
  }

  /** Ends the call with the status of `fault` in any state. */
  abort(fault: ProxyError): void {
    if (this.closed) return;
    if (this.outgoing === undefined) this.writeFault(fault);
    else this.connection.reset(this, ErrorCode.Cancel);
    this.abandonCall(fault);
  }

  /** The handler reads no more requests. They are discarded. */
  abandon(): void {}

  credit(octets: number): void {
    this.enter(() => this.connection.credit(this, octets));
  }

  protected incoming(): number | undefined {
    if (this.method === undefined || !canReceive(this.state)) return undefined;
    if (this.streaming) return this.reader.begun ? this.bodyLength : undefined;
    return this.bodyLength;
  }

  private begin(head: MessageHead, end: boolean): void {
    this.encoding = head.encoding;
    const timeout = head.timeout === '' ? Number.POSITIVE_INFINITY : parseTimeout(head.timeout);
    if (timeout === undefined) {
      this.fail(new ProxyError(Code.Internal, `malformed grpc-timeout: ${head.timeout}`));
      return;
    }
    const deadline = timeout === Number.POSITIVE_INFINITY ? undefined : performance.now() + timeout;
    this.call = new EndingCall(head.metadata, deadline, head.userAgent, this.account);
    this.method = this.handled(() => this.service(head.path));
    if (this.method === undefined) {
      this.fail(new ProxyError(Code.Unimplemented, `unknown method ${head.path}`));
      return;
    }
    if (timeout <= 0) {
      this.fail(tooLate());
      return;
    }
    if (deadline !== undefined) this.alarm = setAlarm(deadline, () => this.enter(() => this.expire()));
    if (this.method.kind === 'stream') {
      this.patient = true;
      this.inbox = new Inbox(this.reader, this);
      if (end) this.inbox.end(undefined);
      this.stream = new StreamAnswer(this);
      const { inbox, call, method } = this;
      void this.stream.run(() => method.handle(inbox, call));
    } else if (end) {
      this.onEnd();
    }
  }

  /** The request of a unary call is whole. */
  answer(request: Buffer): void {
    const method = this.method as Method & { kind: 'unary' };
    try {
      method.handle(request, this.call!).then(
        reply => this.reply(reply),
        fault => this.enter(() => this.failAsHandled(fault)),
      );
    } catch (fault) {
      this.failAsHandled(fault);
    }
  }

  private reply(reply: Reply): void {
    if (this.closed) return;
    const { connection } = this;
    beginBatch();
    try {
      // Nothing is sent yet, so a failure is a status alone.
      if (!this.hold(reply.message)) return;
      this.sendHeaders(reply.headers);
      if (this.closed) return;
      this.trailers = reply.trailers;
      countReply(reply.message);
      if (this.send(reply.message)) this.finish(reply.trailers);
    } catch (fault) {
      connection.endByFault(fault);
    } finally {
      // The replies of other open calls may come in the same tick.
      endBatch(connection.streams.size > 0);
    }
  }

  /** Holds an answer that may have to wait. False if the account does not allow it: then the call has failed. */
  hold(message: Buffer): boolean {
    if (message.length < MAY_WAIT || this.held.holdReply(message.length)) return true;
    this.fail(tooLarge());
    return false;
  }

  /** Like the connection's `send`. A small answer that has to wait and cannot be held ends the call. */
  send(message: Buffer): boolean {
    if (this.connection.send(this, message, false)) {
      this.held.releaseReply();
      return true;
    }
    if (!this.held.holdReply(message.length)) {
      // The beginning of the answer is sent, so no status can follow.
      this.connection.reset(this, ErrorCode.EnhanceYourCalm);
      this.abandonCall(tooLarge());
    }
    return false;
  }

  sendHeaders(headers: Metadata): void {
    if (this.closed || this.headSent) return;
    if (!this.writer.headers(this, headers)) this.fail(tooManyHeaders());
  }

  /** Ends the call with OK. */
  finish(trailers: Metadata): void {
    this.writer.status(this, Code.OK, '', trailers, true);
    this.closeStream();
  }

  fail(fault: ProxyError): void {
    if (this.closed) return;
    this.writeFault(fault);
    this.abandonCall(fault);
  }

  /** Ends the call with the fault of its handler. One that is no status is a fault of this program, and fails this call alone. */
  failAsHandled(fault: unknown): void {
    if (!(fault instanceof ProxyError)) this.connection.report(fault, 'call');
    this.fail(ProxyError.from(fault));
  }

  /** Runs code of the service. If it throws, the call fails, and the result is undefined. */
  private handled<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (fault) {
      this.failAsHandled(fault);
      return undefined;
    }
  }

  private expire(): void {
    this.abort(tooLate(this.handled(() => this.call?.waitsFor?.())));
  }

  private writeFault(fault: ProxyError): void {
    const { headers } = fault;
    if (headers.length > 0 && !this.headSent) this.writer.headers(this, headers);
    this.writer.status(this, fault.code, fault.message, fault.trailers, this.headSent);
    this.closeStream();
  }

  /** The answer is sent. A client that has not ended its side gets RST_STREAM with NO_ERROR (RFC 9113 section 8.1). */
  private closeStream(): void {
    clearAlarm(this.alarm);
    this.connection.reset(this, ErrorCode.NoError);
    this.reader.dispose();
    this.held.release();
  }

  /** The stream is closed before its handler was done. */
  private abandonCall(reason: ProxyError): void {
    clearAlarm(this.alarm);
    this.reader.dispose();
    this.held.release();
    this.call?.cancel(reason);
    this.inbox?.abort(reason);
    this.stream?.abandon();
  }
}

const noMetadata: Metadata = [];

/** The HTTP status for a request that is not gRPC; undefined for gRPC. */
function findHttpFault({ method, contentType }: MessageHead): string | undefined {
  if (method !== 'POST') return '405';
  return isGrpc(contentType) ? undefined : '415';
}
