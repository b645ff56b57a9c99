import { readMapEntry, readString } from '../../wire/fields.ts';
import { findLast } from '../../wire/find-last.ts';
import { Records, WireType } from '../../wire/records.ts';
import { type Last, splice } from '../../wire/splice.ts';
import type { Kind } from '../tables/messages.ts';
import { fieldsOf } from '../tables/schema.ts';
import { compile } from '../translate/compile.ts';

/**
 * Makes a reader for the leaf of this kind in messages of this name. Of several leaves the last one counts, as in protobuf; the value
 * is empty if there is none. For kinds that are strings.
 */
export function lastReader(message: string, kind: Kind): (bytes: Buffer) => string {
  const shape = compile(message, [kind]);
  if (shape === undefined) return () => '';
  return bytes => {
    const found = findLast(bytes, shape);
    return found === undefined ? '' : bytes.toString('utf8', found.start, found.end);
  };
}

/** The values of all leaves of this kind, in the order of the wire. For kinds that are strings. */
export function readAll(message: string, kind: Kind, bytes: Buffer): string[] {
  const found: string[] = [];
  visit(message, kind, bytes, (value, start, end) => void found.push(value.toString('utf8', start, end)));
  return found;
}

/** The value of the message's own field of this kind, not of one inside it; as readLast otherwise. */
export function readOwn(message: string, kind: Kind, bytes: Buffer): string {
  const field = fieldsOf(message).find(each => each.kind === kind);
  let text = '';
  if (field === undefined) return text;
  const records = new Records(bytes);
  while (records.next()) {
    if (records.field !== field.number || records.type !== WireType.Len) continue;
    text = bytes.toString('utf8', records.valueStart, records.valueEnd);
  }
  return text;
}

/** The text of the field that an edit of a message is about; see Last. */
export function lastText(message: Buffer, { field }: Last): string {
  return readString(message, field);
}

/** The owner of an annotation. */
export type AnnotationKind = 'podAnnotation' | 'imageAnnotation';

/**
 * The value of the annotation with this key in a message that has annotations of this kind; undefined if it has none. A client may send
 * a million of others: they are compared, and not decoded.
 */
export function readAnnotation(message: string, kind: AnnotationKind, key: string, bytes: Buffer): string | undefined {
  const wanted = Buffer.from(key);
  const records = new Records(bytes);
  let value: string | undefined;
  visit(message, kind, bytes, (_, start, end) => {
    if (hasKey(records, bytes, start, end, wanted)) value = readMapEntry(bytes, start, end).value;
  });
  return value;
}

/** Whether a message has annotations of this kind. */
export function hasAnnotations(message: string, kind: AnnotationKind, bytes: Buffer): boolean {
  const shape = compile(message, [kind]);
  return shape !== undefined && findLast(bytes, shape) !== undefined;
}

function hasKey(records: Records, bytes: Buffer, start: number, end: number, wanted: Buffer): boolean {
  records.reset(bytes, start, end);
  let is = wanted.length === 0;
  while (records.next()) {
    if (records.field !== 1 || records.type !== WireType.Len) continue;
    const { valueStart, valueEnd } = records;
    is = valueEnd - valueStart === wanted.length && wanted.compare(bytes, valueStart, valueEnd) === 0;
  }
  return is;
}

function visit(
  message: string,
  wanted: Kind,
  bytes: Buffer,
  found: (value: Buffer, start: number, end: number) => void,
): void {
  const shape = compile(message, [wanted]);
  if (shape !== undefined) splice(bytes, shape, (_kind, value, start, end) => found(value, start, end));
}
