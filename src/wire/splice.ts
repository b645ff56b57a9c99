import { copyBytes } from '../base/copy-bytes.ts';
import { Records, WireType } from './records.ts';
import { encodeVarint, varintLength, writeVarint } from './varint.ts';

/**
 * Which fields of a message matter, by field number: a submessage that holds some, or a leaf. A leaf's `type` is the wire
 * type that it must have; a record of another type is an unknown field to any protobuf reader and is left alone.
 */
export interface Shape {
  readonly fields: ReadonlyArray<Shape | Leaf | undefined>;
  /** Decides by the content of a submessage whether it is one of this shape; otherwise it is left alone. */
  readonly accepts?: (bytes: Buffer, start: number, end: number) => boolean;
  /** A kind by which the whole message is visited before its fields; it cannot be edited during this visit. */
  readonly first?: string;
  /** A field that an edit may have to add: visited once a message, behind all that is in it, whether or not it is there. */
  readonly last?: Last;
}

/** `field` and `type`: the field number and wire type that Edit.append writes. */
export interface Last {
  readonly kind: string;
  readonly field: number;
  readonly type: typeof WireType.Len | typeof WireType.Varint;
}

export interface Leaf {
  readonly kind: string;
  readonly type: number;
}

/**
 * Called for each leaf in the order of the wire, with the value `bytes[start, end)`, without its tag and length; for a `first` or
 * `last`, with the whole message. `edit` takes changes within these bounds.
 */
export type Visit = (kind: string, bytes: Buffer, start: number, end: number, edit: Edit) => void;

/** An Edit with room for more edits than this is not kept to be used again. */
const MANY = 64 * 1024;

/** The replacement of a range: bytes, or a number as a varint; undefined leaves the range as it is. */
type Replacement = Buffer | number | undefined;

/**
 * Edits of one message. Offsets count in the message before the edits; edits are made from left to right. One object serves many
 * messages, because new arrays for the edits of each long list would be most of a list's garbage.
 */
export class Edit {
  /** Bytes that the edits so far add, or take away when negative. */
  growth = 0;
  dropped = false;
  /** The field that `append` writes, while a `last` is visited, and the end of its message. */
  last: Last | undefined;
  lastAt = 0;
  /** The ranges of the edits, start and end in turn, and their replacements: a list of 500 containers has thousands. */
  private ranges = new Uint32Array(32);
  private readonly replacements: Replacement[] = [];
  /** A Records for each depth, to be used again for each message there. */
  readonly pool: Records[] = [];
  private count = 0;

  /** Replaces the range [start, end) with `bytes`. */
  replace(start: number, end: number, bytes: Buffer): void {
    this.add(start, end, bytes);
    this.growth += bytes.length - (end - start);
  }

  /** Takes the leaf's whole record out. */
  drop(): void {
    this.dropped = true;
  }

  /** Puts the field of the visited `last` at the end of its message: of several, protobuf takes the last one. */
  append(content: Buffer): void {
    const { field, type } = this.last!;
    const tag = encodeVarint(field * 8 + type);
    const parts = type === WireType.Len ? [tag, encodeVarint(content.length), content] : [tag, content];
    this.replace(this.lastAt, this.lastAt, Buffer.concat(parts));
  }

  /** Reserves [start, end) for the length of a submessage, which is known once the submessage has been edited. */
  reserve(start: number, end: number): number {
    return this.add(start, end, undefined);
  }

  /** Puts a length into a reserved place. */
  fill(place: number, length: number): void {
    this.replacements[place] = length;
    this.growth += varintLength(length) - (this.ranges[2 * place + 1]! - this.ranges[2 * place]!);
  }

  /** Releases the last reserved place, if no edit follows it. */
  release(place: number): void {
    if (this.count === place + 1) this.count = place;
  }

  /** The message with all edits; the very same Buffer when there are none. */
  apply(message: Buffer): Buffer {
    const { ranges, replacements, count } = this;
    if (count === 0) return message;
    const out = Buffer.allocUnsafe(message.length + this.growth);
    let from = 0;
    let to = 0;
    for (let index = 0; index < count; index++) {
      const replacement = replacements[index];
      if (replacement === undefined) continue;
      to = copyBytes(message, from, ranges[2 * index]!, out, to);
      to =
        typeof replacement === 'number'
          ? writeVarint(out, to, replacement)
          : copyBytes(replacement, 0, replacement.length, out, to);
      from = ranges[2 * index + 1]!;
    }
    copyBytes(message, from, message.length, out, to);
    return out;
  }

  /** Forgets all edits; false if it has become too large to be kept for more. */
  reset(): boolean {
    this.growth = 0;
    this.dropped = false;
    this.last = undefined;
    this.replacements.fill(undefined, 0, this.count);
    this.count = 0;
    return this.ranges.length <= 2 * MANY;
  }

  private grow(): void {
    const ranges = new Uint32Array(2 * this.ranges.length);
    ranges.set(this.ranges);
    this.ranges = ranges;
  }

  private add(start: number, end: number, replacement: Replacement): number {
    const place = this.count++;
    if (2 * place === this.ranges.length) this.grow();
    this.ranges[2 * place] = start;
    this.ranges[2 * place + 1] = end;
    this.replacements[place] = replacement;
    return place;
  }
}

const nothing = Buffer.alloc(0);

/** Edits that are not in use. */
const spare: Edit[] = [];

/**
 * Visits every leaf of `shape` in `message` and gives the message with the edits made there, ancestors' lengths included.
 * All other bytes stay as they are, in place and in order; without edits the result is `message` itself. Throws a WireError
 * for bytes that are no message, as far as they were read: fields outside `shape` are skipped unread.
 */
export function splice(message: Buffer, shape: Shape, visit: Visit): Buffer {
  const edit = spare.pop() ?? new Edit();
  try {
    walk(message, 0, message.length, shape, visit, edit, 0);
    return edit.apply(message);
  } finally {
    if (edit.reset()) spare.push(edit);
  }
}

function walk(bytes: Buffer, from: number, end: number, shape: Shape, visit: Visit, edit: Edit, depth: number): void {
  const { fields } = shape;
  const { pool } = edit;
  const records = pool[depth] ?? new Records(bytes);
  pool[depth] = records;
  if (shape.first !== undefined) visit(shape.first, bytes, from, end, edit);
  records.reset(bytes, from, end);
  while (records.next()) {
    const node = fields[records.field];
    if (node === undefined) continue;
    const { valueStart, valueEnd } = records;
    const isLen = records.type === WireType.Len;
    if ('fields' in node) {
      if (!isLen || node.accepts?.(bytes, valueStart, valueEnd) === false) continue;
    } else if (records.type !== node.type) continue;
    const { growth } = edit;
    const place = isLen ? edit.reserve(records.lengthStart, valueStart) : -1;
    if ('fields' in node) walk(bytes, valueStart, valueEnd, node, visit, edit, depth + 1);
    else visit(node.kind, bytes, valueStart, valueEnd, edit);
    if (edit.dropped) {
      edit.dropped = false;
      if (place >= 0) edit.release(place);
      edit.replace(records.start, valueEnd, nothing);
    } else if (place >= 0) {
      const grown = edit.growth - growth;
      if (grown === 0) edit.release(place);
      else edit.fill(place, valueEnd - valueStart + grown);
    }
  }
  if (shape.last === undefined) return;
  edit.last = shape.last;
  edit.lastAt = end;
  visit(shape.last.kind, bytes, from, end, edit);
}
