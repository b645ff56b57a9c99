import { DynamicTable, tableSize } from './dynamic-table.ts';
import type { HeaderList } from './header-list.ts';
import { decodeHuffman } from './huffman.ts';
import { staticNames, staticSize, staticValues } from './static-table.ts';

/** The largest legal integer; a larger one is an attack. */
const maxInteger = 0xfffffff;

/** The factor of the fifth octet after a prefix, which is the last one. */
const maxScale = 2 ** 28;

/** Returns the bits that the reader of a list wants to know about a field. Called once for each entry of a table. */
export type Mark = (name: string, value: string) => number;

/** Decodes header blocks (RFC 7541). Octets become latin1, so that no value changes. */
export class HpackDecoder {
  private readonly table = new DynamicTable();
  private readonly mark: Mark;
  private readonly staticMarks: readonly number[];
  private readonly maxDecodedSize: number;
  private from: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  private fault: string | undefined;

  /** `maxDecodedSize`: the decoded size of a block above which decoding stops. */
  constructor(maxDecodedSize: number, mark: Mark = () => 0) {
    this.maxDecodedSize = maxDecodedSize;
    this.mark = mark;
    this.staticMarks = staticNames.map((name, index) => mark(name, staticValues[index]!));
  }

  /** Octets in the dynamic table. */
  get tableSize(): number {
    return this.table.size;
  }

  /** Changes with the dynamic table. */
  get version(): number {
    return this.table.version;
  }

  /** Decodes one whole block into `list`. Returns the fault of the block, which ends the connection. */
  decode(from: Buffer, start: number, end: number, list: HeaderList): string | undefined {
    this.from = from;
    this.at = start;
    this.end = end;
    this.fault = undefined;
    while (this.at < end && (from[this.at]! & 0xe0) === 0x20) this.resize();
    while (this.at < this.end && this.fault === undefined) {
      this.decodeField(list);
      if (list.size > this.maxDecodedSize) return `a header list of more than ${this.maxDecodedSize} bytes`;
    }
    return this.fault;
  }

  private decodeField(list: HeaderList): void {
    const first = this.from[this.at]!;
    if (first >= 0x80) {
      this.decodeIndexed(list);
    } else if (first >= 0x40) {
      this.decodeLiteral(list, 0x3f, true);
    } else if (first >= 0x20) {
      this.fail('a table size update after a field');
    } else {
      this.decodeLiteral(list, 0x0f, false);
    }
  }

  private decodeIndexed(list: HeaderList): void {
    const index = this.readInteger(0x7f);
    if (index <= staticSize) {
      if (index <= 0) this.fail('index 0');
      else list.add(staticNames[index]!, staticValues[index]!, this.staticMarks[index]!);
      return;
    }
    const entry = this.entry(index);
    if (entry < 0) return;
    list.add(this.table.name(entry), this.table.value(entry), this.table.mark(entry));
  }

  private decodeLiteral(list: HeaderList, mask: number, indexed: boolean): void {
    const index = this.readInteger(mask);
    let name: string;
    if (index === 0) {
      name = this.readString();
    } else if (index <= staticSize) {
      name = staticNames[index] ?? '';
    } else {
      const entry = this.entry(index);
      if (entry < 0) return;
      name = this.table.name(entry);
    }
    const value = this.readString();
    if (this.fault !== undefined) return;
    const mark = this.mark(name, value);
    if (indexed) this.table.add(name, value, mark);
    list.add(name, value, mark);
  }

  private resize(): void {
    const size = this.readInteger(0x1f);
    if (size > tableSize) this.fail(`a table size of ${size}`);
    else if (size >= 0) this.table.resize(size);
  }

  /** The number of the dynamic entry at HPACK's `index`, or -1. */
  private entry(index: number): number {
    const entry = this.table.next - (index - staticSize);
    if (entry >= this.table.first) return entry;
    this.fail(`index ${index}`);
    return -1;
  }

  /** An integer (RFC 7541 section 5.1) whose first octet has it in `mask`; -1 if it is malformed. */
  private readInteger(mask: number): number {
    let value = this.from[this.at++]! & mask;
    if (value < mask) return value;
    for (let scale = 1; ; scale *= 0x80) {
      if (this.at >= this.end) return this.fail('an integer without an end');
      if (scale > maxScale) return this.fail('an integer too large');
      const octet = this.from[this.at++]!;
      value += (octet & 0x7f) * scale;
      if (value > maxInteger) return this.fail('an integer too large');
      if (octet < 0x80) return value;
    }
  }

  private readString(): string {
    if (this.fault !== undefined) return '';
    if (this.at >= this.end) {
      this.fail('a string is missing');
      return '';
    }
    const huffman = this.from[this.at]! >= 0x80;
    const length = this.readInteger(0x7f);
    if (length < 0) return '';
    if (length > this.end - this.at) {
      this.fail(`a string of ${length} bytes where ${this.end - this.at} bytes are left`);
      return '';
    }
    const start = this.at;
    this.at += length;
    if (!huffman) return this.from.toString('latin1', start, this.at);
    const text = decodeHuffman(this.from, start, this.at);
    if (text === undefined) this.fail('a malformed Huffman string');
    return text ?? '';
  }

  private fail(what: string): -1 {
    this.fault ??= what;
    return -1;
  }
}
