import { prefixSize } from './message-prefix.ts';

/**
 * Compares the DATA of a stream, as it comes, with the message that is likely to come. An equal message is neither copied nor held a
 * second time.
 */
export class KnownMessage {
  readonly message: Buffer;
  private readonly prefix: Buffer;
  private matched = 0;

  constructor(message: Buffer) {
    this.message = message;
    this.prefix = Buffer.alloc(prefixSize);
    this.prefix.writeUInt32BE(message.length, 1);
  }

  get begun(): boolean {
    return this.matched > 0;
  }

  get whole(): boolean {
    return this.matched === prefixSize + this.message.length;
  }

  /** The number of bytes from `start` on that belong to this message; -1 if [start, end) has other bytes: then nothing of it counts. */
  match(chunk: Buffer, start: number, end: number): number {
    let { matched } = this;
    let at = start;
    for (; matched < prefixSize && at < end; at++, matched++) if (chunk[at] !== this.prefix[matched]) return -1;
    const from = matched - prefixSize;
    const size = from < 0 ? 0 : Math.min(end - at, this.message.length - from);
    if (size > 0 && this.message.compare(chunk, at, at + size, from, from + size) !== 0) return -1;
    this.matched = matched + size;
    return at + size - start;
  }

  /** The bytes that have matched so far, as they came. */
  parts(): readonly Buffer[] {
    const { prefix, message, matched } = this;
    const content = message.subarray(0, Math.max(0, matched - prefixSize));
    return [prefix.subarray(0, matched), content].filter(({ length }) => length > 0);
  }
}
