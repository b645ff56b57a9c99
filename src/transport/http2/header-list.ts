import { entryOverhead } from './dynamic-table.ts';

/**
 * A decoded header list: names and values in turn in `fields`, of which the first `length` elements count. It is filled
 * again with later blocks, so take what you need before the next one.
 */
export class HeaderList {
  readonly fields: string[] = [];
  length = 0;
  /** Decoded size (RFC 7541 section 4.1), of all fields, also of those that were left out. */
  size = 0;
  /** More than `limit` was decoded: fields are missing. */
  truncated = false;
  /** A field's name or value has octets that RFC 9113 section 8.2.1 forbids. */
  malformed = false;
  /** What its reader has made of it, for when the same block comes again. */
  parsed: unknown = undefined;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  clear(): void {
    this.length = 0;
    this.size = 0;
    this.truncated = false;
    this.malformed = false;
    this.parsed = undefined;
  }

  add(name: string, value: string): void {
    this.size += name.length + value.length + entryOverhead;
    if (this.size > this.limit) {
      this.truncated = true;
      return;
    }
    this.fields[this.length] = name;
    this.fields[this.length + 1] = value;
    this.length += 2;
  }
}
