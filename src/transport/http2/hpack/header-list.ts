import { entryOverhead } from './dynamic-table.ts';

/** What is kept at least of a value, in octets. */
const shortest = 1024;

/**
 * A decoded header list: names and values in turn in `fields`, of which the first `length` elements count. It is filled
 * again with later blocks, so take what you need before the next one.
 */
export class HeaderList {
  readonly fields: string[] = [];
  length = 0;
  /** Decoded size (RFC 7541 section 4.1), of all fields, also of those that were left out. */
  size = 0;
  /** More than `limit` was decoded: values are cut, and fields are missing. */
  truncated = false;
  /** A field's name or value has octets that RFC 9113 section 8.2.1 forbids. */
  malformed = false;
  /** The kind of list that it was checked as, 0 for none, and the result: kept for when the same block comes again. */
  checkedAs = 0;
  fault: string | undefined = undefined;
  /** The value of content-length, set by the check; -1 if there is none. */
  contentLength = -1;
  /** What its reader has made of it, for when the same block comes again. */
  parsed: unknown = undefined;
  /** What was kept of fields above the limit. */
  private beyond = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  clear(): void {
    this.length = 0;
    this.size = 0;
    this.beyond = 0;
    this.truncated = false;
    this.malformed = false;
    this.checkedAs = 0;
    this.fault = undefined;
    this.contentLength = -1;
    this.parsed = undefined;
  }

  add(name: string, value: string): void {
    const overhead = name.length + entryOverhead;
    const room = this.limit - this.size - overhead;
    this.size += overhead + value.length;
    if (this.size <= this.limit) this.push(name, value);
    else this.addCut(name, value, Math.max(shortest, room));
  }

  /** What is short still finds its place behind a value that is too long, such as a status behind its text. */
  private addCut(name: string, value: string, room: number): void {
    this.truncated = true;
    this.beyond += name.length + entryOverhead + Math.min(value.length, shortest);
    if (this.beyond > this.limit || name.length > shortest) return;
    // A slice would keep the whole string in memory.
    this.push(name, value.length <= room ? value : Buffer.from(value.slice(0, room), 'latin1').toString('latin1'));
  }

  private push(name: string, value: string): void {
    this.fields[this.length] = name;
    this.fields[this.length + 1] = value;
    this.length += 2;
  }
}
