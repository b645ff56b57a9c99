import { HeaderList } from './header-list.ts';
import { HpackDecoder, type Mark } from './hpack-decoder.ts';

/** The longest block that is kept, in octets. A block that comes again has about ten octets, all of them indices. */
const longest = 16;

/** The number of blocks that are kept, a power of two. A client sends one block for each method that it calls. */
const slots = 32;

/** Sizes are decoded ones, in bytes (RFC 7541 section 4.1). */
export interface HeaderLimits {
  /** One header list; a larger one is marked as truncated. */
  readonly maxHeaderListSize: number;
  /** The part of a header list that is kept. */
  readonly maxKeptHeaders: number;
  /** One header list above which decoding stops. */
  readonly maxDecodedSize: number;
}

/** A block that was decoded, and the version of the dynamic table that it was decoded with. */
interface Kept {
  readonly octets: Uint8Array;
  readonly list: HeaderList;
  /** 0 while nothing is kept. */
  length: number;
  version: number;
}

/**
 * Decodes header blocks. While the dynamic table does not change, the same octets are the same list, which is not decoded again. Its
 * reader can keep a parsed form in HeaderList.parsed.
 */
export class HeaderBlocks {
  private readonly decoder: HpackDecoder;
  private readonly limit: number;
  private readonly list: HeaderList;
  private readonly kept: (Kept | undefined)[] = new Array<undefined>(slots).fill(undefined);
  /** The fault of the last block, which ends the connection; undefined if there is none. */
  fault: string | undefined = undefined;

  constructor({ maxDecodedSize, maxHeaderListSize, maxKeptHeaders }: HeaderLimits, mark?: Mark) {
    this.decoder = new HpackDecoder(maxDecodedSize, mark);
    this.limit = Math.min(maxHeaderListSize, maxKeptHeaders);
    this.list = new HeaderList(this.limit);
  }

  /** Decodes one whole block. The list is lent until the next call; look at `fault` first. */
  decode(block: Buffer, start: number, end: number): HeaderList {
    const length = end - start;
    if (length > longest) return this.decodeInto(this.list, block, start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = (hash * 31 + block[at]!) | 0;
    const index = hash & (slots - 1);
    const kept = this.kept[index] ?? this.makeRoom(index);
    const { version } = this.decoder;
    if (kept.version === version && isSame(kept, block, start, length)) {
      this.fault = undefined;
      return kept.list;
    }
    kept.length = 0;
    this.decodeInto(kept.list, block, start, end);
    if (this.fault === undefined && this.decoder.version === version) {
      kept.length = length;
      kept.version = version;
      for (let i = 0; i < length; i++) kept.octets[i] = block[start + i]!;
    }
    return kept.list;
  }

  /** Called when the list of the last `decode` is read. */
  drop(list: HeaderList): void {
    if (list === this.list) list.drop();
  }

  private decodeInto(list: HeaderList, block: Buffer, start: number, end: number): HeaderList {
    list.clear();
    this.fault = this.decoder.decode(block, start, end, list);
    return list;
  }

  private makeRoom(index: number): Kept {
    const kept = { octets: new Uint8Array(longest), list: new HeaderList(this.limit), length: 0, version: 0 };
    this.kept[index] = kept;
    return kept;
  }
}

function isSame({ octets, length }: Kept, block: Buffer, start: number, wanted: number): boolean {
  if (length !== wanted || length === 0) return false;
  for (let i = 0; i < length; i++) if (octets[i] !== block[start + i]) return false;
  return true;
}
