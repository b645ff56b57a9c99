import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import { decompress } from '../messages/gunzip.ts';
import { type MessageReader, tooLarge } from '../messages/message-reader.ts';
import type { HeldMessages } from './held-messages.ts';

/** The call that a request belongs to. */
export interface RequestOwner {
  /** grpc-encoding of the message. */
  readonly encoding: string;
  readonly maxMessageSize: number;
  readonly account: MemoryAccount;
  readonly closed: boolean;
  /** The request is whole. */
  answer(request: Buffer): void;
  fail(fault: ProxyError): void;
  /** As Connection.enter. */
  enter<T>(entry: () => T): T | undefined;
}

/** Assembles and decompresses the request message of a unary call. */
export class UnaryRequest {
  private readonly reader: MessageReader;
  private readonly held: HeldMessages;
  private readonly owner: RequestOwner;
  private message: Buffer | undefined = undefined;
  private decompressing = false;
  private ended = false;

  constructor(reader: MessageReader, held: HeldMessages, owner: RequestOwner) {
    this.reader = reader;
    this.held = held;
    this.owner = owner;
  }

  /** Takes the payload of DATA, which is lent for the call; false if it makes the call fail. */
  push(chunk: Buffer, start: number, end: number): boolean {
    const { reader, owner } = this;
    reader.push(chunk, start, end);
    const message = reader.take();
    if (message !== undefined) {
      if (this.message !== undefined) return this.fail(new ProxyError(Code.Internal, 'more than one request message'));
      this.message = message;
      if (!this.held.holdRequest(message.length)) return this.fail(tooLarge());
      if (reader.compressed) this.decompress(message);
    }
    reader.settle();
    return reader.fault === undefined ? !owner.closed : this.fail(reader.fault);
  }

  /** The request has ended. */
  end(): void {
    this.ended = true;
    if (this.message === undefined || !this.reader.empty) {
      this.fail(new ProxyError(Code.Internal, 'the request is not one whole message'));
    } else if (!this.decompressing) this.answer(this.message);
  }

  private answer(request: Buffer): void {
    // Only the handler holds the request from now on.
    this.message = undefined;
    this.owner.answer(request);
  }

  private decompress(message: Buffer): void {
    const { owner } = this;
    this.decompressing = true;
    decompress(message, owner.encoding, owner.maxMessageSize, owner.account).then(
      plain => owner.enter(() => this.takePlain(plain)),
      fault => owner.enter(() => owner.fail(ProxyError.from(fault))),
    );
  }

  private takePlain(plain: Buffer): void {
    const { owner } = this;
    this.decompressing = false;
    this.message = plain;
    if (owner.closed) return;
    if (!this.held.holdRequest(plain.length)) owner.fail(tooLarge());
    else if (this.ended) this.answer(plain);
  }

  private fail(fault: ProxyError): false {
    this.owner.fail(fault);
    return false;
  }
}
