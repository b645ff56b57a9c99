import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import { decompress } from './gunzip.ts';
import type { MessageReader } from './message-reader.ts';

/** The stream that fills an inbox. */
export interface InboxOwner {
  /** grpc-encoding of the messages. */
  readonly encoding: string;
  readonly maxMessageSize: number;
  /** The account that pays for the memory of the messages. */
  readonly account: MemoryAccount;
  /** This many bytes have been read: the peer may send as many more. */
  credit(octets: number): void;
  /** The reader does not read the rest. */
  abandon(): void;
}

/**
 * The received messages of a stream, for one reader that asks for one message at a time. The window of the stream opens only while no
 * whole message waits, so that a slow reader slows the sender down.
 */
export class Inbox implements AsyncIterableIterator<Buffer, undefined> {
  private readonly reader: MessageReader;
  private readonly owner: InboxOwner;
  private uncredited = 0;
  private ended = false;
  private hasReaderStopped = false;
  private fault: ProxyError | undefined = undefined;
  private waiter: PromiseWithResolvers<IteratorResult<Buffer, undefined>> | undefined = undefined;

  constructor(reader: MessageReader, owner: InboxOwner) {
    this.reader = reader;
    this.owner = owner;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Takes the payload of DATA, which is lent for the call. */
  push(chunk: Buffer, start: number, end: number): void {
    this.uncredited += end - start;
    // A reader that has stopped must not keep the sender from its end.
    if (!this.hasReaderStopped) this.reader.push(chunk, start, end);
    this.deliver();
    this.reader.settle();
    this.creditIfDrained();
  }

  /** No more bytes come. The messages that have come can still be read; then the iteration ends, with `fault` if there is one. */
  end(fault: ProxyError | undefined): void {
    this.ended = true;
    this.fault ??= fault;
    this.deliver();
  }

  /** Drops all messages, and ends the iteration with `fault`. */
  abort(fault: ProxyError): void {
    this.reader.dispose();
    this.end(fault);
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.waiter !== undefined)
      return Promise.reject(new ProxyError(Code.Internal, 'two reads of a stream at once'));
    const result = this.poll();
    if (result !== undefined) return result;
    this.waiter = Promise.withResolvers();
    return this.waiter.promise;
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.ended = true;
    this.hasReaderStopped = true;
    this.reader.dispose();
    this.owner.abandon();
    return Promise.resolve(done);
  }

  private deliver(): void {
    const { waiter } = this;
    if (waiter === undefined) return;
    // `poll` may end the stream, which calls this method again.
    this.waiter = undefined;
    const result = this.poll();
    if (result === undefined) this.waiter = waiter;
    else waiter.resolve(result);
  }

  /** The result for the reader; undefined if it has to wait. */
  private poll(): Promise<IteratorResult<Buffer, undefined>> | undefined {
    const message = this.reader.take();
    if (message !== undefined) {
      this.creditIfDrained();
      return this.reader.compressed ? this.decompress(message) : Promise.resolve({ value: message, done: false });
    }
    if (this.reader.fault !== undefined) return this.refuse(this.reader.fault);
    const fault = this.endFault();
    if (fault !== undefined) return Promise.reject(fault);
    return this.ended ? Promise.resolve(done) : undefined;
  }

  private endFault(): ProxyError | undefined {
    if (!this.ended) return undefined;
    if (this.fault !== undefined || this.reader.empty) return this.fault;
    return new ProxyError(Code.Internal, 'the stream ended within a message');
  }

  private async decompress(message: Buffer): Promise<IteratorResult<Buffer, undefined>> {
    try {
      return {
        value: await decompress(message, this.owner.encoding, this.owner.maxMessageSize, this.owner.account),
        done: false,
      };
    } catch (fault) {
      return this.refuse(ProxyError.from(fault));
    }
  }

  /** Ends the stream because of a message that cannot be read. */
  private refuse(fault: ProxyError): Promise<never> {
    this.owner.abandon();
    return Promise.reject(fault);
  }

  private creditIfDrained(): void {
    if (this.uncredited === 0 || this.reader.ready) return;
    const octets = this.uncredited;
    this.uncredited = 0;
    this.owner.credit(octets);
  }
}

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };
