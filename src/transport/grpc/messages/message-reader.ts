import { Code } from '../../../base/codes.ts';
import { copyBytes } from '../../../base/copy-bytes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import { allocateMessage } from '../../memory/message-memory.ts';
import { prefixSize } from './message-prefix.ts';

const nothing = Buffer.alloc(0);

/**
 * Cuts the DATA of a stream into gRPC messages. Each byte is copied once, out of the buffer that the socket reads into. Call `push`,
 * then `take` for each message, then `settle`.
 */
export class MessageReader {
  private readonly maxSize: number;
  private readonly account: MemoryAccount;
  private buffer: Buffer = nothing;
  private start = 0;
  private end = 0;
  private owned = 0;
  /** Whether the last message that was taken is compressed. */
  compressed = false;
  /** The fault after which no message can be taken. */
  fault: ProxyError | undefined = undefined;

  /** `account` pays for the memory of unfinished messages. */
  constructor(maxSize: number, account: MemoryAccount) {
    this.maxSize = maxSize;
    this.account = account;
  }

  /** No bytes are left. */
  get empty(): boolean {
    return this.start === this.end;
  }

  /** A message has begun and is not yet whole. */
  get begun(): boolean {
    return !this.empty && !this.ready;
  }

  /** A whole message can be taken. */
  get ready(): boolean {
    return this.fault === undefined && this.end - this.start >= this.headSize();
  }

  /** Takes bytes. `chunk` is lent until `settle`. */
  push(chunk: Buffer, start: number, end: number): void {
    if (this.fault !== undefined) return;
    if (this.empty) {
      this.buffer = chunk;
      this.start = start;
      this.end = end;
    } else {
      const length = end - start;
      if ((this.owned === 0 || this.end + length > this.buffer.length) && !this.move(length)) return;
      chunk.copy(this.buffer, this.end, start, end);
      this.end += length;
    }
    this.inspect();
  }

  /** The next message, if it is whole. */
  take(): Buffer | undefined {
    const size = this.headSize();
    if (this.fault !== undefined || this.end - this.start < size) return undefined;
    const from = this.start + prefixSize;
    const to = this.start + size;
    const message = this.owned === 0 ? copyOf(this.buffer, from, to) : this.buffer.subarray(from, to);
    this.compressed = this.buffer[this.start] === 1;
    this.start += size;
    if (this.empty) this.dispose();
    else this.inspect();
    return message;
  }

  /** Copies the remaining bytes out of the lent chunk. */
  settle(): void {
    if (this.owned === 0 && !this.empty) this.move(0);
  }

  /** Drops all bytes. */
  dispose(): void {
    this.account.give(this.owned);
    this.owned = 0;
    this.buffer = nothing;
    this.start = 0;
    this.end = 0;
  }

  /** Size of the first message with its prefix; size of the prefix while that is not whole. */
  private headSize(): number {
    if (this.end - this.start < prefixSize) return prefixSize;
    return prefixSize + this.buffer.readUInt32BE(this.start + 1);
  }

  /** Checks the first prefix, before its length has any effect. */
  private inspect(): void {
    const size = this.headSize() - prefixSize;
    if (this.end - this.start < prefixSize) return;
    const flag = this.buffer[this.start]!;
    if (flag > 1) this.fail(Code.Internal, `a message with the unknown flag ${flag}`);
    else if (size > this.maxSize) {
      this.fail(Code.ResourceExhausted, `message of ${size} bytes is larger than ${this.maxSize}`);
    }
  }

  /**
   * Moves the remaining bytes into an own buffer with room for the first message and for `more` bytes; false if the account does not
   * allow it. Memory that is not touched is not resident, so a large length alone costs almost nothing.
   */
  private move(more: number): boolean {
    const have = this.end - this.start;
    const size = Math.max(this.headSize(), have + more, this.owned > 0 ? have * 2 : 0);
    if (!this.account.take(size - this.owned)) {
      this.dispose();
      this.fault = tooLarge();
      return false;
    }
    const buffer = allocateMessage(size);
    this.buffer.copy(buffer, 0, this.start, this.end);
    this.owned = size;
    this.buffer = buffer;
    this.start = 0;
    this.end = have;
    return true;
  }

  private fail(code: Code, message: string): void {
    this.dispose();
    this.fault = new ProxyError(code, message);
  }
}

/** The error of a message that does not fit into its account. */
export function tooLarge(): ProxyError {
  const text = 'criproxy: the messages of this client that are under way are too large together; try again';
  return new ProxyError(Code.ResourceExhausted, text);
}

function copyOf(from: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  copyBytes(from, start, end, copy, 0);
  return copy;
}
