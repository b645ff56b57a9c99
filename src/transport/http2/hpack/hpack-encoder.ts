import { copyBytes } from '../../../base/copy-bytes.ts';
import { DynamicTable, entryOverhead, tableSize } from './dynamic-table.ts';
import { findStaticField, findStaticName, staticSize } from './static-table.ts';

/** The representation of a field: without an entry (`literal`), with an entry (`indexed`), or never in any table (`secret`). */
export type Representation = 'literal' | 'indexed' | 'secret';

/** Names of metadata that must not be in a table (RFC 7541 section 7.1.3). */
const secrets = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);

/** Up to this length a loop is faster than Buffer.write. */
const short = 32;

/** The most names of metadata whose last value is remembered. */
const maxRemembered = 64;

/** The first size of the buffer for blocks, and the largest size that is kept for the next block, in bytes. */
const firstSize = 1024;
const largestKept = 16 * 1024;

/**
 * Encodes header blocks (RFC 7541) in the order in which they are sent. Strings are latin1 and not Huffman-coded: frequent fields are
 * indexed, and other fields cost less to send than to compress.
 */
export class HpackEncoder {
  private readonly table = new DynamicTable((name, value, entry) => this.forget(name, value, entry));
  private readonly entries = new Map<string, Map<string, number>>();
  private readonly lastValues = new Map<string, string>();
  private limit = tableSize;
  private lowest = tableSize;
  private resized = false;
  /** Changes with the dynamic table. Until then a block with indexed fields only may be sent again. */
  version = 0;
  /** The first `length` octets of `block` are the present block. */
  block: Buffer = Buffer.allocUnsafeSlow(firstSize);
  length = 0;
  /** Decoded size of the present block (RFC 7541 section 4.1). */
  size = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; takes effect with the next block. */
  setTableSize(size: number): void {
    const limit = Math.min(size, tableSize);
    if (limit === this.limit && !this.resized) return;
    this.lowest = this.resized ? Math.min(this.lowest, limit) : limit;
    this.limit = limit;
    this.resized = true;
    // This is not too early: indices count from the newest entry, and no block is begun.
    this.table.resize(limit);
    this.version++;
  }

  begin(): void {
    this.length = 0;
    this.size = 0;
    if (!this.resized) return;
    this.resized = false;
    if (this.lowest < this.limit) this.writeResize(this.lowest);
    this.writeResize(this.limit);
  }

  /** Drops a long block after it is sent: a connection that is idle must not keep it. */
  drop(): void {
    if (this.block.length > largestKept) this.block = Buffer.allocUnsafeSlow(firstSize);
  }

  /** Appends octets of an earlier block that was made at the same `version`. */
  append(octets: Buffer, size: number): void {
    this.reserve(octets.length);
    this.length = copyBytes(octets, 0, octets.length, this.block, this.length);
    this.size += size;
  }

  add(name: string, value: string, as: Representation): void {
    this.reserve(name.length + value.length + 16);
    this.size += name.length + value.length + entryOverhead;
    const field = as === 'secret' ? 0 : findStaticField(name, value) || this.find(name, value);
    if (field !== 0) {
      this.writeInteger(0x80, 0x7f, field);
      return;
    }
    if (as === 'indexed' && this.insert(name, value)) this.writeLiteral(0x40, 0x3f, name, value);
    else this.writeLiteral(as === 'secret' ? 0x10 : 0, 0x0f, name, value);
  }

  /** Adds a field that is indexed after it came twice in a row with the same value, unless it is a secret. */
  addMetadata(name: string, value: string): void {
    if (secrets.has(name)) {
      this.add(name, value, 'secret');
      return;
    }
    const again = this.lastValues.get(name) === value;
    if (!again && (this.lastValues.has(name) || this.lastValues.size < maxRemembered)) this.lastValues.set(name, value);
    this.add(name, value, again ? 'indexed' : 'literal');
  }

  private find(name: string, value: string): number {
    const entry = this.entries.get(name)?.get(value);
    return entry === undefined ? 0 : this.table.next - entry + staticSize;
  }

  private insert(name: string, value: string): boolean {
    if (name.length + value.length + entryOverhead > this.limit / 2) return false;
    this.table.add(name, value, 0);
    const values = this.entries.get(name) ?? new Map<string, number>();
    this.entries.set(name, values.set(value, this.table.next - 1));
    this.version++;
    return true;
  }

  private forget(name: string, value: string, entry: number): void {
    const values = this.entries.get(name);
    if (values?.get(value) !== entry) return;
    values.delete(value);
    if (values.size === 0) this.entries.delete(name);
  }

  private writeLiteral(pattern: number, mask: number, name: string, value: string): void {
    const index = findStaticName(name);
    this.writeInteger(pattern, mask, index);
    if (index === 0) this.writeString(name);
    this.writeString(value);
  }

  private writeResize(size: number): void {
    this.writeInteger(0x20, 0x1f, size);
  }

  private writeInteger(pattern: number, mask: number, value: number): void {
    if (value < mask) {
      this.block[this.length++] = pattern | value;
      return;
    }
    this.block[this.length++] = pattern | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest >>>= 7) this.block[this.length++] = (rest & 0x7f) | 0x80;
    this.block[this.length++] = rest;
  }

  private writeString(text: string): void {
    this.writeInteger(0, 0x7f, text.length);
    if (text.length > short) {
      this.length += this.block.write(text, this.length, 'latin1');
      return;
    }
    for (let i = 0; i < text.length; i++) this.block[this.length++] = text.charCodeAt(i);
  }

  private reserve(octets: number): void {
    if (this.length + octets <= this.block.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.block.length * 2, this.length + octets));
    this.block.copy(grown, 0, 0, this.length);
    this.block = grown;
  }
}
