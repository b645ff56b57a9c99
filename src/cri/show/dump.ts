import { REDACTED, redactAddress, redactStreamingUrl, redactUrls } from '../../base/redact-urls.ts';
import { readMapEntry } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { decodeVarint } from '../../wire/varint.ts';
import { enumName, type Field, fieldsOf, isMessage, isVarint } from '../tables/schema.ts';
import { overrides, type Package } from '../translate/packages.ts';

/** The limits of a dump: a number of values, and of bytes of text. */
export interface DumpLimit {
  readonly values: number;
  readonly text: number;
}

/** For a log. A client chooses how large its requests are, and a value takes some 10 us of the event loop as YAML. */
const LOG_LIMIT: DumpLimit = { values: 500, text: 32 * 1024 };

/** How much more of a text is read than is shown: a URL that is cut could not be told from other text, and its secret neither. */
const READ_AHEAD = 2;

/** A text with more bytes is cut. */
const MAX_STRING = 4096;
const MAX_BYTES = 1024;

/** The annotations in which kubectl, Rancher, kapp and Banzai Cloud's operators put whole manifests, with the values of variables. */
const appliedManifests: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'objectset.rio.cattle.io/applied',
  'kapp.k14s.io/original',
  'banzaicloud.com/last-applied',
]);

/** Whether the annotation with this key holds the manifest that was applied. */
export function holdsManifest(key: string): boolean {
  return appliedManifests.has(key);
}

/**
 * A message as plain data with CRI's field names, for a log: fields in the order of the wire, enums by name, secrets of URLs
 * redacted. `secret` fields and fields outside the message's row are hidden. A large message is shown in part, and `...` says how
 * much is left out. Never throws: a malformed message is shown as far as it goes.
 */
export function dump(message: string, from: Package, bytes: Buffer, most = LOG_LIMIT): Record<string, unknown> {
  return dumpRecords(message, { from, ...most }, new Records(bytes));
}

/** The rest of a dump's limits, and the package of its message. */
interface Room {
  readonly from: Package;
  values: number;
  text: number;
}

function dumpRecords(message: string, room: Room, records: Records): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const fields = fieldsOf(message, overrides[room.from]?.[message]);
  const end = records.end;
  try {
    while (records.next()) {
      if (room.values <= 0 || room.text <= 0) {
        out['...'] = `<${end - records.start} more bytes>`;
        break;
      }
      room.values--;
      const field = fields.find(field => field.number === records.field);
      if (field === undefined) out[`field_${records.field}`] = `<${records.valueEnd - records.valueStart} bytes>`;
      else if (field.type === 'map') addEntry(out, field, room, records);
      else if (field.repeated) addItem(out, field.name, dumpValue(field, room, records));
      else out[field.name] = dumpValue(field, room, records);
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

function addEntry(out: Record<string, unknown>, field: Field, room: Room, records: Records): void {
  if (records.type !== WireType.Len) return;
  const { key, value } = readMapEntry(records.bytes, records.valueStart, records.valueEnd);
  const map = (out[field.name] ?? Object.create(null)) as Record<string, string>;
  out[field.name] = map;
  const isSecret = field.kind === 'secret' || holdsManifest(key);
  const shown = isSecret ? REDACTED : cut(redactUrls(value.slice(0, READ_AHEAD * MAX_STRING)), value.length);
  map[cut(key, key.length)] = shown;
  room.text -= key.length + shown.length;
}

function dumpValue(field: Field, room: Room, records: Records): unknown {
  if (field.kind === 'secret') return REDACTED;
  const { bytes, type, valueStart, valueEnd } = records;
  if (type === WireType.Len) {
    if (isMessage(field.type)) return dumpRecords(field.type, room, new Records(bytes, valueStart, valueEnd));
    if (field.type === 'string' || field.type === 'bytes') {
      const shown = dumpText(field, bytes.subarray(valueStart, valueEnd));
      room.text -= shown.length;
      return shown;
    }
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

/** Bytes are the output of a command, mostly. */
function dumpText({ type, kind }: Field, bytes: Buffer): string {
  const most = type === 'bytes' ? MAX_BYTES : MAX_STRING;
  const shown = redactText(kind, bytes.toString('utf8', 0, READ_AHEAD * most));
  return bytes.length > most ? `${shown.slice(0, most)}... (${bytes.length} bytes)` : shown;
}

/** A text of this kind without its secrets. */
export function redactText(kind: Field['kind'], text: string): string {
  if (kind === 'url') return redactStreamingUrl(text);
  if (kind === 'address') return redactAddress(text);
  return redactUrls(text);
}

/** `length`: of the whole text. */
function cut(text: string, length: number): string {
  return length > MAX_STRING ? `${text.slice(0, MAX_STRING)}... (${length} characters)` : text;
}
