import { Records, WireType } from './records.ts';
import type { Leaf, Shape } from './splice.ts';

/** The range of a leaf's value. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the last leaf of `shape` has its value in `message`; undefined if there is none. Throws a WireError for bytes that are no
 * message, as far as they were read.
 */
export function findLast(message: Buffer, shape: Shape): Range | undefined {
  return findLastIn(message, 0, message.length, shape);
}

function findLastIn(bytes: Buffer, from: number, end: number, shape: Shape): Range | undefined {
  const records = new Records(bytes, from, end);
  let found: Range | undefined;
  while (records.next()) {
    const node: Shape | Leaf | undefined = shape.fields[records.field];
    if (node === undefined) continue;
    const { valueStart, valueEnd } = records;
    if (!('fields' in node)) {
      if (records.type === node.type) found = { start: valueStart, end: valueEnd };
    } else if (records.type === WireType.Len && node.accepts?.(bytes, valueStart, valueEnd) !== false) {
      found = findLastIn(bytes, valueStart, valueEnd, node) ?? found;
    }
  }
  return found;
}
