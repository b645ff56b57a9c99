import { Records, WireType } from '../wire/records.ts';
import { decodeVarint } from '../wire/varint.ts';
import { overrides, type Package } from './packages.ts';
import { readMapEntry } from './read.ts';
import { enumName, type Field, fieldsOf, isMessage, isVarint } from './schema.ts';

export const REDACTED = '<redacted>';
const MAX_BYTES = 1024;

/** kubectl puts the whole manifest here, with the values of container environment variables. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * A message as plain data with CRI's field names, for a log: fields in the order of the wire, enums by name, `secret` fields
 * and what is not in the message's row not shown. Never throws: a malformed message is shown as far as it goes.
 */
export function dump(message: string, from: Package, bytes: Buffer): Record<string, unknown> {
  return dumpRecords(message, from, new Records(bytes));
}

function dumpRecords(message: string, from: Package, records: Records): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const fields = fieldsOf(message, overrides[from]?.[message]);
  try {
    while (records.next()) {
      const field = fields.find(field => field.number === records.field);
      if (field === undefined) out[`field_${records.field}`] = `<${records.valueEnd - records.valueStart} bytes>`;
      else if (field.type === 'map') addEntry(out, field, records);
      else if (field.repeated) addItem(out, field.name, dumpValue(field, from, records));
      else out[field.name] = dumpValue(field, from, records);
    }
  } catch (fault) {
    out['<malformed>'] = fault instanceof Error ? fault.message : String(fault);
  }
  return out;
}

function addItem(out: Record<string, unknown>, name: string, value: unknown): void {
  const list = out[name];
  if (Array.isArray(list)) list.push(value);
  else out[name] = [value];
}

function addEntry(out: Record<string, unknown>, field: Field, records: Records): void {
  if (records.type !== WireType.Len) return;
  const { key, value } = readMapEntry(records.bytes, records.valueStart, records.valueEnd);
  const map = (out[field.name] ?? Object.create(null)) as Record<string, string>;
  out[field.name] = map;
  map[key] = field.kind === 'secret' || key === LAST_APPLIED ? REDACTED : value;
}

function dumpValue(field: Field, from: Package, records: Records): unknown {
  if (field.kind === 'secret') return REDACTED;
  const { bytes, type, valueStart, valueEnd } = records;
  if (type === WireType.Len) {
    if (isMessage(field.type)) return dumpRecords(field.type, from, new Records(bytes, valueStart, valueEnd));
    if (field.type === 'string') return bytes.toString('utf8', valueStart, valueEnd);
    if (field.type === 'bytes') return dumpBytes(bytes.subarray(valueStart, valueEnd));
  } else if (type === WireType.Varint && isVarint(field.type)) {
    return dumpVarint(field.type, decodeVarint(bytes, valueStart, valueEnd));
  } else if (type === WireType.I64 && field.type === 'double') {
    return bytes.readDoubleLE(valueStart);
  }
  return `<${valueEnd - valueStart} bytes>`;
}

function dumpVarint(type: string, value: bigint): unknown {
  if (type === 'bool') return value !== 0n;
  if (type.startsWith('uint')) return toNumber(value);
  if (type.startsWith('int')) return toNumber(BigInt.asIntN(64, value));
  return enumName(type, Number(value));
}

/** A number where it is exact, else its digits. */
function toNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** Output of a command, mostly: text, cut at 1 KiB. */
function dumpBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8', 0, MAX_BYTES);
  return bytes.length > MAX_BYTES ? `${text}... (${bytes.length} bytes)` : text;
}
