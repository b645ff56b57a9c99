import { REDACTED, redactUrls } from '../../base/redact-urls.ts';
import { lenField, readMapEntry } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { WireError } from '../../wire/wire-error.ts';
import { type Field, fieldsOf, isMessage } from '../tables/schema.ts';
import { overrides, type Package } from '../translate/packages.ts';
import { holdsManifest, redactText } from './dump.ts';

/**
 * The message with `<redacted>` for each value that `dump` hides, for a file that is given to others. A field that is not in the
 * message's row is left out if it can hold text, because its meaning is unknown. Undefined for a malformed message.
 */
export function redact(message: string, from: Package, bytes: Buffer): Buffer | undefined {
  try {
    return redactRecords(message, from, new Records(bytes));
  } catch (fault) {
    if (fault instanceof WireError) return undefined;
    throw fault;
  }
}

function redactRecords(message: string, from: Package, records: Records): Buffer {
  const fields = fieldsOf(message, overrides[from]?.[message]);
  const parts: Buffer[] = [];
  while (records.next()) {
    const field = fields.find(each => each.number === records.field);
    const { bytes, start, valueStart, valueEnd } = records;
    if (records.type !== WireType.Len) {
      if (isHarmless(records.type, field)) parts.push(bytes.subarray(start, valueEnd));
    } else if (field?.kind === 'secret') {
      parts.push(redactSecret(field, bytes, valueStart, valueEnd));
    } else if (field?.type === 'map') {
      parts.push(redactEntry(field, bytes, valueStart, valueEnd) ?? bytes.subarray(start, valueEnd));
    } else if (field !== undefined && isMessage(field.type)) {
      parts.push(lenField(field.number, redactRecords(field.type, from, new Records(bytes, valueStart, valueEnd))));
    } else if (field !== undefined) {
      parts.push(redactField(field, bytes, start, valueStart, valueEnd));
    }
  }
  return Buffer.concat(parts);
}

/** Numbers hold no text; groups, which CRI does not have, may. */
function isHarmless(type: number, field: Field | undefined): boolean {
  return type !== WireType.StartGroup && field?.kind !== 'secret';
}

function redactSecret(field: Field, bytes: Buffer, start: number, end: number): Buffer {
  if (field.type !== 'map') return lenField(field.number, REDACTED);
  return entry(field.number, readMapEntry(bytes, start, end).key);
}

/** The very record where there is nothing to redact. */
function redactField(field: Field, bytes: Buffer, start: number, valueStart: number, valueEnd: number): Buffer {
  if (field.type !== 'string') return bytes.subarray(start, valueEnd);
  const text = bytes.toString('utf8', valueStart, valueEnd);
  const redacted = redactText(field.kind, text);
  return redacted === text ? bytes.subarray(start, valueEnd) : lenField(field.number, redacted);
}

function redactEntry(field: Field, bytes: Buffer, start: number, end: number): Buffer | undefined {
  const { key, value } = readMapEntry(bytes, start, end);
  if (holdsManifest(key)) return entry(field.number, key);
  const redacted = redactUrls(value);
  return redacted === value ? undefined : entry(field.number, key, redacted);
}

function entry(field: number, key: string, value = REDACTED): Buffer {
  return lenField(field, Buffer.concat([lenField(1, key), lenField(2, value)]));
}
