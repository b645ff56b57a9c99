/** The size of each entry in addition to its octets (RFC 7541 section 4.1). */
export const entryOverhead = 32;

/** SETTINGS_HEADER_TABLE_SIZE of both sides: the RFC's default. An encoder uses less if its peer requests less. */
export const tableSize = 4096;

const slots = tableSize / entryOverhead;

/**
 * The dynamic table of RFC 7541 section 2.3.2, as a ring. Entries are numbered from 0 in the order of their arrival. The newest entry
 * has HPACK's index 62.
 */
export class DynamicTable {
  private readonly names = new Array<string>(slots).fill('');
  private readonly values = new Array<string>(slots).fill('');
  private readonly marks = new Array<number>(slots).fill(0);
  private used = 0;
  private limit = tableSize;
  private readonly onEvict: ((name: string, value: string, entry: number) => void) | undefined;
  /** The number of the oldest entry, and of the next entry. */
  first = 0;
  next = 0;
  /** Changes when the meaning of an index changes. */
  version = 0;

  /** `onEvict` is called for each entry that is evicted. */
  constructor(onEvict?: (name: string, value: string, entry: number) => void) {
    this.onEvict = onEvict;
  }

  /** Octets in use (RFC 7541 section 4.1). */
  get size(): number {
    return this.used;
  }

  name(entry: number): string {
    return this.names[entry % slots]!;
  }

  value(entry: number): string {
    return this.values[entry % slots]!;
  }

  /** The mark of the entry, as `add` got it. */
  mark(entry: number): number {
    return this.marks[entry % slots]!;
  }

  /** Evicts the entries that do not fit into `size`, which is at most tableSize. */
  resize(size: number): void {
    this.limit = size;
    this.version++;
    while (this.used > size) this.evict();
  }

  /** False if the entry is larger than the table, which is then empty (RFC 7541 section 4.4). */
  add(name: string, value: string, mark: number): boolean {
    const size = name.length + value.length + entryOverhead;
    this.version++;
    while (this.used + size > this.limit && this.used > 0) this.evict();
    if (size > this.limit) return false;
    const slot = this.next % slots;
    this.names[slot] = name;
    this.values[slot] = value;
    this.marks[slot] = mark;
    this.used += size;
    this.next++;
    return true;
  }

  private evict(): void {
    const slot = this.first % slots;
    this.used -= this.names[slot]!.length + this.values[slot]!.length + entryOverhead;
    this.onEvict?.(this.names[slot]!, this.values[slot]!, this.first);
    this.names[slot] = '';
    this.values[slot] = '';
    this.first++;
  }
}
