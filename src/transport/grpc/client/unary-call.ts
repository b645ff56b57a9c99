import type { CallOptions, Metadata, Reply } from '../../../base/call.ts';
import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import type { Connection } from '../../http2/connection.ts';
import { decompress } from '../messages/gunzip.ts';
import { KnownMessage } from '../messages/known-message.ts';
import { MessageReader } from '../messages/message-reader.ts';
import { ClientCall } from './client-call.ts';

/** A call with one request message and one answer message. */
export class UnaryCall extends ClientCall {
  private request: Buffer;
  private resolve: (reply: Reply) => void;
  private reject: (fault: ProxyError) => void;
  readonly account: MemoryAccount;
  private readonly reader: MessageReader;
  /** While the answer may still be the likely one. */
  private likely: KnownMessage | undefined = undefined;
  private message: Buffer | undefined = undefined;
  private compressed = false;

  constructor(
    connection: Connection,
    own: MemoryAccount,
    path: string,
    request: Buffer,
    options: CallOptions,
    resolve: (reply: Reply) => void,
    reject: (fault: ProxyError) => void,
  ) {
    super(connection, path, options);
    this.request = request;
    this.resolve = resolve;
    this.reject = reject;
    this.account = options.account ?? own;
    this.reader = new MessageReader(connection.limits.maxMessageSize, this.account);
    if (options.likely !== undefined) this.likely = new KnownMessage(options.likely);
  }

  onOpen(): void {
    this.connection.send(this, this.request, true);
  }

  onSent(): void {}

  protected onBody(chunk: Buffer, start: number, end: number): void {
    const from = this.likely === undefined ? start : start + this.matchLikely(this.likely, chunk, start, end);
    if (from === end) this.connection.credit(this, end - start);
    else this.read(chunk, from, end, end - start);
  }

  /** The number of bytes from `start` on that need not be read, since they are those of the likely answer. */
  private matchLikely(likely: KnownMessage, chunk: Buffer, start: number, end: number): number {
    const matched = likely.match(chunk, start, end);
    if (matched >= 0 && !likely.whole) return matched;
    this.likely = undefined;
    if (matched >= 0) {
      this.message = likely.message;
      return matched;
    }
    for (const part of likely.parts()) {
      this.reader.push(part, 0, part.length);
      this.reader.settle();
    }
    return 0;
  }

  /** `credit`: the bytes of the DATA that [start, end) is the rest of. */
  private read(chunk: Buffer, start: number, end: number, credit: number): void {
    const { reader } = this;
    reader.push(chunk, start, end);
    const message = reader.take();
    if (message !== undefined) {
      if (this.message !== undefined) {
        this.giveUp(Code.Internal, 'more than one message in the answer');
        return;
      }
      this.message = message;
      this.compressed = reader.compressed;
    }
    reader.settle();
    if (reader.fault !== undefined) {
      this.giveUp(reader.fault.code, reader.fault.message);
      return;
    }
    this.connection.credit(this, credit);
  }

  protected onAnswer(): void {}

  protected incoming(): number | undefined {
    return this.reader.begun || this.likely?.begun === true ? this.bodyLength : undefined;
  }

  protected onDone(fault: ProxyError | undefined, trailers: Metadata): void {
    const { headers, message, reader, resolve, reject } = this;
    const whole = reader.empty && this.likely?.begun !== true;
    this.dropMessages();
    if (fault !== undefined) {
      reject(fault);
    } else if (message === undefined || !whole) {
      reject(new ProxyError(Code.Internal, 'the answer is not one whole message', { headers, trailers }));
    } else if (this.compressed) {
      decompress(message, this.encoding, this.connection.limits.maxMessageSize, this.account).then(
        plain => resolve({ message: plain, headers, trailers }),
        reject,
      );
    } else {
      resolve({ message, headers, trailers });
    }
  }

  /** Dead tables of a Map can hold this call until a full collection. So the finished call holds no message. */
  private dropMessages(): void {
    this.reader.dispose();
    this.request = nothing;
    this.message = undefined;
    this.likely = undefined;
    this.resolve = ignore;
    this.reject = ignore;
  }
}

const nothing = Buffer.alloc(0);

function ignore(): void {}
