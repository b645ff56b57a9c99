import { entryOverhead } from './dynamic-table.ts';

/** The decoded size of a list whose arrays are kept for the next list. */
const small = 4096;

/** The least number of octets that are kept of a value. */
const shortest = 1024;

/**
 * A decoded header list. `fields` has names and values in turn, of which the first `length` elements count. Later blocks fill the
 * list again: read it before the next block.
 */
export class HeaderList {
  readonly fields: string[] = [];
  length = 0;
  /** Decoded size (RFC 7541 section 4.1) of all fields, also of fields that were left out. */
  size = 0;
  /** The decoded size is above `limit`: values are cut, and fields are missing. */
  truncated = false;
  /** The mark of each field, and the bits of all marks, also of fields that were left out. */
  readonly marks: number[] = [];
  allMarks = 0;
  /** The parsed form of the list, kept by its reader for the next time that the same block comes. */
  parsed: unknown = undefined;
  /** The size of the kept parts of fields above the limit. */
  private beyond = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  clear(): void {
    if (this.size > small) {
      this.fields.length = 0;
      this.marks.length = 0;
    }
    this.length = 0;
    this.size = 0;
    this.beyond = 0;
    this.truncated = false;
    this.allMarks = 0;
    this.parsed = undefined;
  }

  /** Drops a long list that is read: a connection that is idle must not keep it. */
  drop(): void {
    if (this.size > small) this.clear();
  }

  add(name: string, value: string, mark: number): void {
    const overhead = name.length + entryOverhead;
    const room = this.limit - this.size - overhead;
    this.size += overhead + value.length;
    this.allMarks |= mark;
    if (this.size <= this.limit) this.push(name, value, mark);
    else this.addCut(name, value, mark, Math.max(shortest, room));
  }

  /** A short field is kept also after a value that is too long, such as a status after its text. */
  private addCut(name: string, value: string, mark: number, room: number): void {
    this.truncated = true;
    this.beyond += name.length + entryOverhead + Math.min(value.length, shortest);
    if (this.beyond > this.limit || name.length > shortest) return;
    // A slice of the string would keep all of it in memory.
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
