import { Records, WireType } from './records.ts';
import { encodeVarint } from './varint.ts';

/**
 * Which fields of a message matter, by field number: a submessage that holds some, or a leaf. A leaf's `type` is the wire
 * type that it must have; a record of another type is an unknown field to any protobuf reader and is left alone.
 */
export interface Shape {
  readonly fields: ReadonlyArray<Shape | Leaf | undefined>;
  /** Decides by the content of a submessage whether it is one of this shape; otherwise it is left alone. */
  readonly accepts?: (bytes: Buffer, start: number, end: number) => boolean;
  /** A field that an edit may have to add: visited once a message, behind all that is in it, whether or not it is there. */
  readonly last?: Last;
}

/** `field` and `type` are those that Edit.add writes. */
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
 * Called for each leaf in the order of the wire, with the value `bytes[start, end)`, without its tag and length; for a `last`,
 * with the whole message. `edit` takes changes within these bounds.
 */
export type Visit = (kind: string, bytes: Buffer, start: number, end: number, edit: Edit) => void;

/** Edits of one message. Offsets are those of the message as it came; edits are made from left to right. */
export class Edit {
  /** Bytes that the edits so far add, or take away when negative. */
  growth = 0;
  dropped = false;
  /** The field that `add` writes, while a `last` is visited, and the end of its message. */
  last: Last | undefined;
  lastAt = 0;
  private readonly edits: Array<{ start: number; end: number; bytes: Buffer }> = [];

  /** Puts `bytes` in the place of what is at [start, end). */
  replace(start: number, end: number, bytes: Buffer): void {
    this.insertAt(this.edits.length, start, end, bytes);
  }

  /** Takes the leaf's whole record out. */
  drop(): void {
    this.dropped = true;
  }

  /** Puts the field of the visited `last` at the end of its message: of several, protobuf takes the last one. */
  add(content: Buffer): void {
    const { field, type } = this.last!;
    const tag = encodeVarint(field * 8 + type);
    const parts = type === WireType.Len ? [tag, encodeVarint(content.length), content] : [tag, content];
    this.replace(this.lastAt, this.lastAt, Buffer.concat(parts));
  }

  get count(): number {
    return this.edits.length;
  }

  /** Puts an edit before those made since `index`. */
  insertAt(index: number, start: number, end: number, bytes: Buffer): void {
    this.edits.splice(index, 0, { start, end, bytes });
    this.growth += bytes.length - (end - start);
  }

  /** The message with all edits; the very same Buffer when there are none. */
  apply(message: Buffer): Buffer {
    if (this.edits.length === 0) return message;
    const out = Buffer.allocUnsafe(message.length + this.growth);
    let from = 0;
    let to = 0;
    for (const edit of this.edits) {
      to += message.copy(out, to, from, edit.start);
      to += edit.bytes.copy(out, to);
      from = edit.end;
    }
    message.copy(out, to, from);
    return out;
  }
}

const nothing = Buffer.alloc(0);

/**
 * Visits every leaf of `shape` in `message` and gives the message with the edits made there, ancestors' lengths included.
 * All other bytes stay as they are, in place and in order; without edits the result is `message` itself. Throws a WireError
 * for bytes that are no message, as far as they were read: what is outside `shape` is skipped unread.
 */
export function splice(message: Buffer, shape: Shape, visit: Visit): Buffer {
  const edit = new Edit();
  walk(message, 0, message.length, shape, visit, edit);
  return edit.apply(message);
}

function walk(bytes: Buffer, from: number, end: number, shape: Shape, visit: Visit, edit: Edit): void {
  const { fields } = shape;
  const records = new Records(bytes, from, end);
  while (records.next()) {
    const node = fields[records.field];
    if (node === undefined) continue;
    const { count, growth } = edit;
    const { valueStart, valueEnd } = records;
    if ('fields' in node) {
      if (records.type !== WireType.Len || node.accepts?.(bytes, valueStart, valueEnd) === false) continue;
      walk(bytes, valueStart, valueEnd, node, visit, edit);
    } else {
      if (records.type !== node.type) continue;
      visit(node.kind, bytes, valueStart, valueEnd, edit);
      if (edit.dropped) {
        edit.dropped = false;
        edit.replace(records.start, valueEnd, nothing);
        continue;
      }
    }
    const grown = edit.growth - growth;
    if (grown === 0 || records.type !== WireType.Len) continue;
    edit.insertAt(count, records.lengthStart, valueStart, encodeVarint(valueEnd - valueStart + grown));
  }
  if (shape.last === undefined) return;
  edit.last = shape.last;
  edit.lastAt = end;
  visit(shape.last.kind, bytes, from, end, edit);
}
