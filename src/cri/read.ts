import { findLast } from '../wire/find-last.ts';
import { Records, WireType } from '../wire/records.ts';
import { splice } from '../wire/splice.ts';
import { compile } from './compile.ts';
import type { Kind } from './messages.ts';
import { fieldsOf } from './schema.ts';

/**
 * Makes what reads the value of the leaf of this kind in messages of this name; the last one, as protobuf has it, if there are
 * several; empty if there is none. For kinds that are strings.
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

/** The value of a pod annotation in a message that holds a PodSandboxConfig; undefined if it has none of this key. */
export function readPodAnnotation(message: string, key: string, bytes: Buffer): string | undefined {
  return readAnnotations(message, 'podAnnotation', bytes).get(key);
}

/** The annotations of this kind; empty if there are none. */
export function readAnnotations(
  message: string,
  kind: 'podAnnotation' | 'imageAnnotation',
  bytes: Buffer,
): Map<string, string> {
  const found = new Map<string, string>();
  visit(message, kind, bytes, (value, start, end) => {
    const entry = readMapEntry(value, start, end);
    found.set(entry.key, entry.value);
  });
  return found;
}

/** An entry of a map<string,string>: a message of key (1) and value (2), either left out when empty. */
export function readMapEntry(bytes: Buffer, start: number, end: number): { key: string; value: string } {
  const entry = { key: '', value: '' };
  const records = new Records(bytes, start, end);
  while (records.next()) {
    if (records.type !== WireType.Len) continue;
    const text = bytes.toString('utf8', records.valueStart, records.valueEnd);
    if (records.field === 1) entry.key = text;
    if (records.field === 2) entry.value = text;
  }
  return entry;
}

/** Whether field 1 of a message is there: an ImageStatusResponse without it says that there is no such image. */
export function hasFirstField(bytes: Buffer): boolean {
  const records = new Records(bytes);
  while (records.next()) if (records.field === 1) return true;
  return false;
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
