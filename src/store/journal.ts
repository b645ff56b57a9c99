import { createHash } from 'node:crypto';

/**
 * A journal file: this line, then records, each of the length of its content (32 bits), its number (64 bits), the first 8 bytes of the
 * SHA-256 of these two, the first 16 of that of all four, big endian, and the content. Numbers follow each other; the first may be any.
 */
export const MAGIC = Buffer.from('criproxy-journal 1\n');
const HEAD = 36;

export interface Journal {
  readonly contents: readonly Buffer[];
  /** The number of the last record. */
  readonly last: number;
  /**
   * The end of the file: a whole record; a cut record (left by a killed process) or zeros (left by a power failure); or other bytes,
   * so that later records may be missing.
   */
  readonly end: 'whole' | 'torn' | 'damaged';
}

export function encodeRecord(number: number, content: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(content.length, 0);
  head.writeBigUInt64BE(BigInt(number), 4);
  head.set(digest([head.subarray(0, 12)]).subarray(0, 8), 12);
  head.set(digest([head.subarray(0, 20), content]).subarray(0, 16), 20);
  return Buffer.concat([head, content]);
}

/** Undefined for a file without a record. */
export function readJournal(bytes: Buffer): Journal | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const contents: Buffer[] = [];
  let last = 0;
  let at = MAGIC.length;
  let end: Journal['end'] = 'whole';
  while (at < bytes.length) {
    const record = readRecord(bytes.subarray(at));
    if (typeof record === 'string' || (contents.length > 0 && record.number !== last + 1)) {
      end = record === 'torn' ? 'torn' : 'damaged';
      break;
    }
    contents.push(record.content);
    last = record.number;
    at += HEAD + record.content.length;
  }
  return contents.length === 0 ? undefined : { contents, last, end };
}

function readRecord(bytes: Buffer): { readonly number: number; readonly content: Buffer } | 'torn' | 'damaged' {
  if (bytes.length < HEAD) return 'torn';
  const head = bytes.subarray(0, HEAD);
  if (
    !digest([head.subarray(0, 12)])
      .subarray(0, 8)
      .equals(head.subarray(12, 20))
  ) {
    return bytes.every(byte => byte === 0) ? 'torn' : 'damaged';
  }
  const size = head.readUInt32BE(0);
  if (bytes.length < HEAD + size) return 'torn';
  const content = bytes.subarray(HEAD, HEAD + size);
  if (
    !digest([head.subarray(0, 20), content])
      .subarray(0, 16)
      .equals(head.subarray(20, 36))
  )
    return 'damaged';
  return { number: Number(head.readBigUInt64BE(4)), content };
}

function digest(parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
