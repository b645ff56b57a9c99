import { WireError } from './wire-error.ts';

/** Wire types (protobuf encoding, "Message Structure"). */
export const WireType = { Varint: 0, I64: 1, Len: 2, StartGroup: 3, EndGroup: 4, I32: 5 } as const;

/** Groups inside groups; protobuf implementations stop at 100 too. */
const MAX_GROUP_DEPTH = 100;
const MAX_VARINT_BYTES = 10;
const MAX_UINT32_BYTES = 5;

/**
 * Goes over the records of one message, which is `bytes[from, end)`. After `next()` has returned true, `start` is the offset
 * of the record's tag, `valueStart` that of its content (behind the length of a LEN record), `valueEnd` the end of both.
 * Bounds are checked at every step: a WireError names the fault.
 */
export class Records {
  bytes: Buffer;
  end: number;
  field = 0;
  type = 0;
  start = 0;
  /** For LEN: where the length varint begins. */
  lengthStart = 0;
  valueStart = 0;
  valueEnd: number;

  constructor(bytes: Buffer, from = 0, end = bytes.length) {
    this.bytes = bytes;
    this.end = end;
    this.valueEnd = from;
  }

  /** Starts over with another message, which is `bytes[from, end)`: one object serves many messages. */
  reset(bytes: Buffer, from: number, end: number): void {
    this.bytes = bytes;
    this.end = end;
    this.valueEnd = from;
  }

  next(): boolean {
    this.start = this.valueEnd;
    if (this.start >= this.end) return false;
    this.readTag(this.start);
    this.lengthStart = this.valueStart;
    this.valueEnd = this.skip(0);
    return true;
  }

  private readTag(at: number): void {
    const tag = this.readUint32(at, 'field number');
    this.field = tag >>> 3;
    this.type = tag & 7;
    if (this.field === 0) throw new WireError('field number 0', at);
  }

  /** The end of the value that begins at valueStart; moves valueStart behind a LEN record's length. */
  private skip(depth: number): number {
    switch (this.type) {
      case WireType.Varint:
        return this.varintEnd(this.valueStart);
      case WireType.I64:
        return this.fixedEnd(8);
      case WireType.Len: {
        const length = this.readUint32(this.valueStart, 'length');
        return this.fixedEnd(length);
      }
      case WireType.I32:
        return this.fixedEnd(4);
      case WireType.StartGroup:
        return this.skipGroup(depth);
      default:
        throw new WireError(
          this.type === WireType.EndGroup ? 'end of a group that was not begun' : `wire type ${this.type}`,
          this.start,
        );
    }
  }

  private fixedEnd(length: number): number {
    if (length > this.end - this.valueStart) throw new WireError('record longer than its message', this.start);
    return this.valueStart + length;
  }

  private skipGroup(depth: number): number {
    if (depth >= MAX_GROUP_DEPTH) throw new WireError('groups nested too deep', this.start);
    const { field, valueStart } = this;
    let at = valueStart;
    while (at < this.end) {
      this.readTag(at);
      if (this.type === WireType.EndGroup) {
        if (this.field !== field) throw new WireError('end of another group', at);
        const groupEnd = this.valueStart;
        this.type = WireType.StartGroup;
        this.valueStart = valueStart;
        return groupEnd;
      }
      at = this.skip(depth + 1);
    }
    throw new WireError('group without end', this.start);
  }

  /** Sets valueStart behind the varint. More than 32 bits is a fault, never bits dropped. */
  private readUint32(at: number, what: string): number {
    let value = 0;
    let scale = 1;
    for (let here = at; here < at + MAX_UINT32_BYTES; here++, scale *= 0x80) {
      if (here >= this.end) throw new WireError(`truncated ${what}`, at);
      const byte = this.bytes[here]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        this.valueStart = here + 1;
        return value;
      }
    }
    throw new WireError(`${what} over 32 bits`, at);
  }

  private varintEnd(from: number): number {
    for (let at = from; at < this.end; at++) {
      if (this.bytes[at]! < 0x80) return at + 1;
      if (at - from >= MAX_VARINT_BYTES - 1) throw new WireError('varint over 10 bytes', from);
    }
    throw new WireError('truncated varint', from);
  }
}
