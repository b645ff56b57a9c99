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
  /** The mark of each field, and the bits of all marks, also of fields that were left out. */
  readonly marks: number[] = [];
  allMarks = 0;
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
    this.allMarks = 0;
    this.parsed = undefined;
  }

  add(name: string, value: string, mark: number): void {
    const overhead = name.length + entryOverhead;
    const room = this.limit - this.size - overhead;
    this.size += overhead + value.length;
    this.allMarks |= mark;
    if (this.size <= this.limit) this.push(name, value, mark);
    else this.addCut(name, value, mark, Math.max(shortest, room));
  }

  /** What is short still finds its place behind a value that is too long, such as a status behind its text. */
  private addCut(name: string, value: string, mark: number, room: number): void {
    this.truncated = true;
    this.beyond += name.length + entryOverhead + Math.min(value.length, shortest);
    if (this.beyond > this.limit || name.length > shortest) return;
    // A slice would keep the whole string in memory.
    const kept = value.length <= room ? value : Buffer.from(value.slice(0, room), 'latin1').toString('latin1');
    this.push(name, kept, mark);
  }

  private push(name: string, value: string, mark: number): void {
    this.marks[this.length >> 1] = mark;
    this.fields[this.length] = name;
    this.fields[this.length + 1] = value;
    this.length += 2;
  }
}
