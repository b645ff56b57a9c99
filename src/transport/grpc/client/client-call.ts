import { type Alarm, clearAlarm, setAlarm } from '../../../base/alarm.ts';
import type { CallOptions, Metadata } from '../../../base/call.ts';
import { Code } from '../../../base/codes.ts';
import { EndingCall } from '../../../base/ending-call.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import type { Connection } from '../../http2/connection.ts';
import { ErrorCode, errorName } from '../../http2/frames/error-code.ts';
import type { HeaderList } from '../../http2/hpack/header-list.ts';
import { Stream } from '../../http2/stream.ts';
import { lose, StreamState } from '../../http2/stream-state.ts';
import { UntakenError } from '../../untaken.ts';
import { type MessageHead, parseHead } from '../message-head.ts';
import { isGrpc } from '../owned-names.ts';
import { codeOfHttpStatus, codeOfReset, decodeMessage, parseStatus } from '../status.ts';
import { tooLate } from '../timeout.ts';
import { type Follower, followSignal, unfollowSignal } from './signal-followers.ts';

const noMetadata: Metadata = [];

/** One call to a server, from its request headers to its status. The class that extends it handles the messages. */
export abstract class ClientCall extends Stream implements Follower {
  readonly path: string;
  readonly options: CallOptions;
  /** The account that pays for the memory of its messages. */
  abstract readonly account: MemoryAccount;
  /** The queue in which the call waits, if it waits. */
  queue: { remove(call: ClientCall): void } | undefined = undefined;
  encoding = '';
  protected readonly connection: Connection;
  protected headers: Metadata = noMetadata;
  private alarm: Alarm | undefined = undefined;
  position = -1;

  constructor(connection: Connection, path: string, options: CallOptions) {
    super();
    this.connection = connection;
    this.path = path;
    this.options = options;
  }

  /** The stream is open and its request headers are sent. */
  abstract onOpen(): void;
  /** The header list before the messages has come. */
  protected abstract onAnswer(headers: Metadata): void;
  /** Payload of DATA came. It is lent for the call. */
  protected abstract onBody(chunk: Buffer, start: number, end: number): void;
  /** The call is over, and its stream is closed. `fault` is undefined for OK. */
  protected abstract onDone(fault: ProxyError | undefined, trailers: Metadata): void;

  /** Ends the call with an error for its caller. */
  cancel(reason: ProxyError): void {
    if (this.closed) return;
    this.connection.enter(() => {
      if (this.state === StreamState.Idle) this.queue?.remove(this);
      this.close(reason);
    });
  }

  /** Ends a call that is not opened, because its session accepts no more calls. `untouched`: another session may send it. */
  turnAway(reason: string, untouched: boolean): void {
    this.state = lose(this.state);
    this.onLost(reason, untouched);
  }

  /** Makes the call end with its caller's. Called before the call is opened. */
  watch(): void {
    const { options } = this;
    // The server side watches the deadline of such a call.
    if (options instanceof EndingCall) {
      options.follow(this);
      return;
    }
    followSignal(options.signal, this);
    const { deadline } = options;
    if (deadline !== undefined && !this.closed) this.alarm = setAlarm(deadline, () => this.expire());
  }

  onHeaders(list: HeaderList, end: boolean): void {
    const head = parseHead(list);
    if (list.truncated) {
      this.onCutList(head, end);
      return;
    }
    if (end) {
      this.finish(head, noMetadata, head.metadata);
      return;
    }
    if (head.status !== '200') {
      this.giveUp(codeOfHttpStatus(head.status), `the answer has HTTP status ${head.status}`);
      return;
    }
    if (!isGrpc(head.contentType)) {
      this.giveUp(
        Code.Unknown,
        `the answer is not gRPC, its content-type is ${head.contentType === '' ? 'missing' : head.contentType}`,
      );
      return;
    }
    this.encoding = head.encoding;
    this.headers = head.metadata;
    this.onAnswer(head.metadata);
  }

  onTrailers(list: HeaderList): void {
    const head = parseHead(list);
    if (list.truncated) this.onCutList(head, true);
    else this.finish(head, this.headers, head.metadata);
  }

  /** Keeps the code and the beginning of the text of a status that is too long. */
  private onCutList(head: MessageHead, end: boolean): void {
    if (end && head.grpcStatus !== '') this.finish(head, this.headers, noMetadata);
    else this.giveUp(Code.ResourceExhausted, 'the header list of the answer is too large');
  }

  onData(chunk: Buffer, start: number, end: number): void {
    this.onBody(chunk, start, end);
  }

  onEnd(): void {
    this.giveUp(Code.Internal, 'the answer ended without a status');
  }

  onReset(code: ErrorCode, fault: string | undefined): void {
    const what = fault === undefined ? `the stream was reset: ${errorName(code)}` : `a malformed answer: ${fault}`;
    if (fault !== undefined) this.done(new ProxyError(Code.Internal, what), noMetadata);
    else if (code === ErrorCode.RefusedStream && !this.headReceived) this.done(new UntakenError(what), noMetadata);
    // The runtime's clock was faster. grpc-go decides the same (handleRSTStream in http2_client.go).
    else if (code === ErrorCode.Cancel && this.isTooLate) this.done(tooLate(), noMetadata);
    else this.done(new ProxyError(codeOfReset(code), what), noMetadata);
  }

  onStall(): void {
    this.done(new ProxyError(Code.Unavailable, 'the runtime moves the message of this call too slowly'), noMetadata);
  }

  onLost(reason: string, untouched: boolean): void {
    // A server that has begun its answer has processed the call, whatever it says.
    if (untouched && !this.headReceived) this.done(new UntakenError(`the call was not taken: ${reason}`), noMetadata);
    else this.done(new ProxyError(Code.Unavailable, `the connection was lost: ${reason}`), noMetadata);
  }

  /** Ends the call because of a fault in the answer. */
  protected giveUp(code: Code, message: string): void {
    this.close(new ProxyError(code, message, { headers: this.headers }));
  }

  /** Undoes `watch`. */
  private unwatch(): void {
    clearAlarm(this.alarm);
    if (this.options instanceof EndingCall) this.options.unfollow(this);
    else unfollowSignal(this.options.signal, this);
  }

  private get isTooLate(): boolean {
    const { deadline } = this.options;
    return deadline !== undefined && deadline <= performance.now();
  }

  private expire(): void {
    this.cancel(tooLate());
  }

  private close(reason: ProxyError): void {
    if (this.state === StreamState.Idle) this.state = lose(this.state);
    else this.connection.reset(this, ErrorCode.Cancel);
    this.done(reason, noMetadata);
  }

  private finish(head: MessageHead, headers: Metadata, trailers: Metadata): void {
    const fault = faultOf(head, headers, trailers);
    this.connection.reset(this, ErrorCode.NoError);
    this.done(fault, trailers);
  }

  private done(fault: ProxyError | undefined, trailers: Metadata): void {
    this.unwatch();
    this.onDone(fault, trailers);
  }
}

/**
 * The error of an answer's status; undefined for OK. The codes for a status that is missing or malformed are grpc-go's (decodeHeader in
 * its internal/transport/http_util.go).
 */
function faultOf(head: MessageHead, headers: Metadata, trailers: Metadata): ProxyError | undefined {
  if (head.grpcStatus === '') {
    const behindHeaders = head.status === '';
    const code = behindHeaders ? Code.Unknown : codeOfHttpStatus(head.status);
    const what = behindHeaders
      ? 'the answer has no status'
      : `the answer has HTTP status ${head.status} and no gRPC status`;
    return new ProxyError(code, what, { headers, trailers });
  }
  const code = parseStatus(head.grpcStatus);
  if (code === undefined) {
    return new ProxyError(Code.Internal, `malformed grpc-status: ${head.grpcStatus}`, { headers, trailers });
  }
  return code === Code.OK ? undefined : new ProxyError(code, decodeMessage(head.grpcMessage), { headers, trailers });
}
