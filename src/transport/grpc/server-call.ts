import { type Alarm, clearAlarm, setAlarm } from '../../base/alarm.ts';
import type { Metadata, Method, Reply, Service } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { beginBatch, endBatch } from '../http2/batch.ts';
import type { Connection } from '../http2/connection.ts';
import { ErrorCode } from '../http2/error-code.ts';
import type { HeaderList } from '../http2/header-list.ts';
import { Stream } from '../http2/stream.ts';
import { decompress } from './gunzip.ts';
import { Inbox } from './inbox.ts';
import { IncomingCall } from './incoming-call.ts';
import { countReply } from './message-memory.ts';
import { type Budget, MessageReader } from './message-reader.ts';
import { httpFault, parseRequestHead, type RequestHead, trailersFault } from './request-head.ts';
import type { ResponseWriter } from './response-writer.ts';
import { parseTimeout } from './timeout.ts';

/** One call that came in, to its status. */
export class ServerCall extends Stream {
  encoding = '';
  readonly maxMessageSize: number;
  private readonly connection: Connection;
  private readonly writer: ResponseWriter;
  private readonly service: Service;
  private readonly reader: MessageReader;
  private method: Method | undefined = undefined;
  private call: IncomingCall | undefined = undefined;
  private alarm: Alarm | undefined = undefined;
  private headersSent = false;
  /** Unary: the request, and the trailers that follow the reply. */
  private request: Buffer | undefined = undefined;
  private decompressing = false;
  private trailers: Metadata = noMetadata;
  /** Streaming: what the handler reads, what it answers, and who waits until a message is out. */
  private inbox: Inbox | undefined = undefined;
  private replies: AsyncIterator<Buffer> | undefined = undefined;
  private wakeUp: (() => void) | undefined = undefined;

  constructor(connection: Connection, writer: ResponseWriter, service: Service, budget: Budget) {
    super();
    this.connection = connection;
    this.writer = writer;
    this.service = service;
    this.maxMessageSize = connection.limits.maxMessageSize;
    this.reader = new MessageReader(this.maxMessageSize, budget);
  }

  get streaming(): boolean {
    return this.method?.kind === 'stream';
  }

  onHeaders(list: HeaderList, end: boolean): void {
    if (this.call !== undefined) {
      const fault = end ? trailersFault(list) : 'HEADERS in the middle of a request';
      if (fault === undefined) this.onEnd();
      else this.refuse(fault);
      return;
    }
    if (list.truncated) {
      this.fail(new ProxyError(Code.ResourceExhausted, 'the header list is too large'));
      return;
    }
    const head = parseRequestHead(list);
    if (typeof head === 'string') {
      this.refuse(head);
      return;
    }
    const fault = httpFault(head);
    if (fault !== undefined) {
      this.writer.httpError(this, fault);
      this.leave();
      return;
    }
    this.begin(head, end);
  }

  onData(chunk: Buffer, start: number, end: number): void {
    if (this.inbox !== undefined) {
      this.inbox.push(chunk, start, end);
      return;
    }
    const { reader } = this;
    reader.push(chunk, start, end);
    const message = reader.take();
    if (message !== undefined) {
      if (this.request !== undefined) {
        this.fail(new ProxyError(Code.Internal, 'more than one request message'));
        return;
      }
      this.request = message;
      if (reader.compressed) this.decompress(message);
    }
    reader.settle();
    if (reader.fault !== undefined) {
      this.fail(reader.fault);
      return;
    }
    this.connection.credit(this, end - start);
  }

  onEnd(): void {
    if (this.inbox !== undefined) {
      this.inbox.end(undefined);
      return;
    }
    if (this.request === undefined || !this.reader.empty) {
      this.fail(new ProxyError(Code.Internal, 'the request is not one whole message'));
      return;
    }
    if (!this.decompressing) this.answer(this.request);
  }

  onReset(code: ErrorCode, fault: string | undefined): void {
    const what = code === ErrorCode.Cancel ? 'cancelled' : 'reset';
    this.abandonCall(new ProxyError(Code.Cancelled, fault ?? `the client has ${what} the call`));
  }

  onLost(reason: string): void {
    this.abandonCall(new ProxyError(Code.Cancelled, `the client is gone: ${reason}`));
  }

  onSent(): void {
    if (this.wakeUp === undefined) {
      this.finish();
      return;
    }
    const wakeUp = this.wakeUp;
    this.wakeUp = undefined;
    wakeUp();
  }

  /** Ends the call with this status, whatever it is doing. */
  abort(fault: ProxyError): void {
    if (this.closed) return;
    if (this.outgoing === undefined) this.writeFault(fault);
    else this.connection.reset(this, ErrorCode.Cancel);
    this.abandonCall(fault);
  }

  /** The handler reads no more requests: they are thrown away. */
  abandon(): void {}

  credit(octets: number): void {
    this.connection.credit(this, octets);
  }

  private begin(head: RequestHead, end: boolean): void {
    this.encoding = head.encoding;
    this.contentLength = head.contentLength;
    const timeout = head.timeout === '' ? Number.POSITIVE_INFINITY : parseTimeout(head.timeout);
    if (timeout === undefined) {
      this.fail(new ProxyError(Code.Internal, `malformed grpc-timeout: ${head.timeout}`));
      return;
    }
    const deadline = timeout === Number.POSITIVE_INFINITY ? undefined : performance.now() + timeout;
    this.call = new IncomingCall(head.metadata, deadline, head.userAgent);
    this.method = this.service(head.path);
    if (this.method === undefined) {
      this.fail(new ProxyError(Code.Unimplemented, `unknown method ${head.path}`));
      return;
    }
    if (timeout <= 0) {
      this.fail(tooLate());
      return;
    }
    if (deadline !== undefined) this.alarm = setAlarm(deadline, () => this.abort(tooLate(this.call?.waitsFor?.())));
    if (this.method.kind === 'stream') {
      this.patient = true;
      this.inbox = new Inbox(this.reader, this);
      if (end) this.inbox.end(undefined);
      void this.answerStream(this.inbox, this.call);
    } else if (end) {
      this.onEnd();
    }
  }

  private decompress(message: Buffer): void {
    this.decompressing = true;
    decompress(message, this.encoding, this.maxMessageSize).then(
      plain => {
        this.decompressing = false;
        this.request = plain;
        if (this.remoteEnded && !this.closed) this.answer(plain);
      },
      fault => this.fail(ProxyError.from(fault)),
    );
  }

  private answer(request: Buffer): void {
    const method = this.method as Method & { kind: 'unary' };
    this.request = undefined;
    try {
      method.handle(request, this.call!).then(
        reply => this.reply(reply),
        fault => this.fail(ProxyError.from(fault)),
      );
    } catch (fault) {
      this.fail(ProxyError.from(fault));
    }
  }

  private reply(reply: Reply): void {
    if (this.closed) return;
    const { connection } = this;
    beginBatch();
    try {
      this.sendHeaders(reply.headers);
      this.trailers = reply.trailers;
      countReply(reply.message);
      if (connection.send(this, reply.message, false)) this.finish();
    } finally {
      // The replies of other open calls may be as far as this one.
      endBatch(connection.streams.size > 0);
    }
  }

  private async answerStream(inbox: Inbox, call: IncomingCall): Promise<void> {
    const method = this.method as Method & { kind: 'stream' };
    try {
      const reply = method.handle(inbox, call);
      // A tick later: if the call has failed by then, its status goes out alone, as it came.
      reply.headers.then(headers => setImmediate(() => this.sendHeaders(headers)));
      this.replies = reply[Symbol.asyncIterator]();
      for (;;) {
        const result = await this.replies.next();
        if (this.closed) return;
        if (result.done) break;
        if (!this.headersSent) this.sendHeaders(await reply.headers);
        if (this.closed) return;
        if (!this.connection.send(this, result.value, false)) {
          await new Promise<void>(resolve => {
            this.wakeUp = resolve;
          });
        }
        if (this.closed) return;
      }
      if (!this.headersSent) this.sendHeaders(await reply.headers);
      this.trailers = reply.trailers;
      if (!this.closed) this.finish();
    } catch (fault) {
      this.fail(ProxyError.from(fault));
    }
  }

  private sendHeaders(headers: Metadata): void {
    if (this.closed || this.headersSent) return;
    this.headersSent = true;
    this.writer.headers(this, headers);
  }

  /** OK. */
  private finish(): void {
    this.writer.status(this, Code.OK, '', this.trailers, true);
    this.leave();
  }

  private fail(fault: ProxyError): void {
    if (this.closed) return;
    this.writeFault(fault);
    this.abandonCall(fault);
  }

  private writeFault(fault: ProxyError): void {
    if (fault.headers.length > 0) this.sendHeaders(fault.headers);
    this.writer.status(this, fault.code, fault.message, fault.trailers, this.headersSent);
    this.leave();
  }

  /** The client has broken HTTP/2's rules for requests. */
  private refuse(fault: string): void {
    this.connection.refuse(this, ErrorCode.ProtocolError, fault);
  }

  /** Everything is sent. A client that has not ended its side is told to save itself the trouble (RFC 9113 section 8.1). */
  private leave(): void {
    clearAlarm(this.alarm);
    if (!this.remoteEnded) this.connection.writeReset(this.id, ErrorCode.NoError);
    this.connection.release(this);
    this.reader.dispose();
  }

  /** The stream is closed before its handler was done. */
  private abandonCall(reason: ProxyError): void {
    clearAlarm(this.alarm);
    this.reader.dispose();
    this.call?.cancel(reason);
    this.inbox?.abort(reason);
    this.replies?.return?.().catch(() => {});
    this.wakeUp?.();
  }
}

const noMetadata: Metadata = [];

function tooLate(why?: string): ProxyError {
  const text = 'context deadline exceeded';
  return new ProxyError(Code.DeadlineExceeded, why === undefined ? text : `${text}: ${why}`);
}
