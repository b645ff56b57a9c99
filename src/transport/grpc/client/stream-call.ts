import type { CallOptions, Metadata, ReplyStream, RequestStream } from '../../../base/call.ts';
import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import type { Connection } from '../../http2/connection.ts';
import { isEndedByPeer } from '../../http2/stream-state.ts';
import { Inbox } from '../messages/inbox.ts';
import { MessageReader } from '../messages/message-reader.ts';
import { ClientCall } from './client-call.ts';

/** A call with a stream of messages in either or both directions. */
export class StreamCall extends ClientCall {
  readonly maxMessageSize: number;
  readonly reply: ReplyStream;
  private readonly requests: RequestStream;
  readonly account: MemoryAccount;
  private readonly reader: MessageReader;
  private readonly inbox: Inbox;
  private readonly answered = Promise.withResolvers<Metadata>();
  private trailers: Metadata = [];
  private source: AsyncIterator<Buffer> | Iterator<Buffer> | undefined = undefined;
  private wakeUp: (() => void) | undefined = undefined;

  constructor(connection: Connection, own: MemoryAccount, path: string, requests: RequestStream, options: CallOptions) {
    super(connection, path, options);
    this.requests = requests;
    this.patient = true;
    this.maxMessageSize = connection.limits.maxMessageSize;
    this.account = options.account ?? own;
    this.reader = new MessageReader(this.maxMessageSize, this.account);
    this.inbox = new Inbox(this.reader, this);
    const trailers = () => this.trailers;
    this.reply = {
      headers: this.answered.promise,
      get trailers() {
        return trailers();
      },
      [Symbol.asyncIterator]: () => this.inbox,
    };
  }

  onOpen(): void {
    void this.sendAll();
  }

  onSent(): void {
    const wakeUp = this.wakeUp;
    this.wakeUp = undefined;
    wakeUp?.();
  }

  protected onBody(chunk: Buffer, start: number, end: number): void {
    this.inbox.push(chunk, start, end);
  }

  protected incoming(): number | undefined {
    return this.reader.begun ? this.bodyLength : undefined;
  }

  credit(octets: number): void {
    if (!this.closed) this.connection.enter(() => this.connection.credit(this, octets));
  }

  /** The reader has stopped, or cannot read the next message. */
  abandon(): void {
    this.cancel(new ProxyError(Code.Cancelled, 'the answer is not read any more'));
  }

  protected onAnswer(headers: Metadata): void {
    this.answered.resolve(headers);
  }

  protected onDone(fault: ProxyError | undefined, trailers: Metadata): void {
    this.trailers = trailers;
    // The status of a whole answer waits until its messages are read. A call that was broken off is over at once.
    if (isEndedByPeer(this.state)) this.inbox.end(fault);
    else this.inbox.abort(fault ?? new ProxyError(Code.Internal, 'the call has ended'));
    this.answered.resolve([]);
    this.onSent();
    Promise.resolve(this.source?.return?.()).catch(() => {});
  }

  private async sendAll(): Promise<void> {
    const { connection, requests } = this;
    try {
      this.source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
      for (;;) {
        const result = await this.source.next();
        if (this.closed) return;
        if (result.done) break;
        const isSent = connection.enter(() => connection.send(this, result.value, false));
        if (this.closed) return;
        if (!isSent) {
          await new Promise<void>(resolve => {
            this.wakeUp = resolve;
          });
        }
        if (this.closed) return;
      }
      connection.enter(() => connection.sender.end(this));
    } catch (fault) {
      this.cancel(ProxyError.from(fault));
    }
  }
}
