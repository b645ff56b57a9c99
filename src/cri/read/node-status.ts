import {
  lenField,
  readAllBytes,
  readBytes,
  readEnum,
  readMapEntry,
  readString,
  varintField,
} from '../../wire/fields.ts';
import { Records } from '../../wire/records.ts';

/** A RuntimeCondition. */
export interface Condition {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}

const STATUS = 1;
const INFO = 2;
const HANDLERS = 3;
const FEATURES = 4;

/** A StatusRequest. */
export function statusRequest(verbose: boolean): Buffer {
  return verbose ? varintField(1, 1) : Buffer.alloc(0);
}

/** StatusRequest.verbose. */
export function isVerbose(request: Buffer): boolean {
  return readEnum(request, 1) !== 0;
}

/** The conditions of a StatusResponse. */
export function readConditions(response: Buffer): Condition[] {
  const conditions = readAllBytes(response, STATUS).flatMap(status => readAllBytes(status, 1));
  return conditions.map(condition => ({
    type: readString(condition, 1),
    status: readEnum(condition, 2) !== 0,
    reason: readString(condition, 3),
    message: readString(condition, 4),
  }));
}

/** Put behind a StatusResponse, it adds these conditions to it: protobuf merges messages. */
export function conditionsField(conditions: readonly Condition[]): Buffer {
  const items = conditions.map(({ type, status, reason, message }) =>
    lenField(
      1,
      Buffer.concat([lenField(1, type), varintField(2, status ? 1 : 0), lenField(3, reason), lenField(4, message)]),
    ),
  );
  return items.length === 0 ? Buffer.alloc(0) : lenField(STATUS, Buffer.concat(items));
}

/** The features of a StatusResponse's runtime handlers, as bytes, by name; the default handler's is empty. */
export function readHandlers(response: Buffer): Map<string, Buffer> {
  const handlers = readAllBytes(response, HANDLERS);
  return new Map(handlers.map(handler => [readString(handler, 1), readBytes(handler, 2) ?? Buffer.alloc(0)]));
}

/** The RuntimeFeatures of a StatusResponse, as bytes; undefined if it does not say. */
export function readFeatures(response: Buffer): Buffer | undefined {
  return readBytes(response, FEATURES);
}

/**
 * The features that all messages (RuntimeFeatures or RuntimeHandlerFeatures) have. They are flags: a field is kept if it is the same
 * in all messages. Undefined stands for a message that is missing, and has no feature.
 */
export function sharedFeatures([first, ...others]: readonly (Buffer | undefined)[]): Buffer {
  const kept: Buffer[] = [];
  const records = new Records(first ?? Buffer.alloc(0));
  while (records.next()) {
    const record = records.bytes.subarray(records.start, records.valueEnd);
    if (others.every(each => each !== undefined && hasRecord(each, record))) kept.push(record);
  }
  return Buffer.concat(kept);
}

function hasRecord(message: Buffer, record: Buffer): boolean {
  const records = new Records(message);
  while (records.next()) if (message.subarray(records.start, records.valueEnd).equals(record)) return true;
  return false;
}

/** The StatusResponse with these runtime handlers in place of its own, and these features if it has any. */
export function withHandlers(response: Buffer, handlers: ReadonlyMap<string, Buffer>, features: Buffer): Buffer {
  const parts: Buffer[] = [];
  const records = new Records(response);
  while (records.next()) {
    if (records.field === HANDLERS) continue;
    if (records.field === FEATURES) parts.push(lenField(FEATURES, features));
    else parts.push(response.subarray(records.start, records.valueEnd));
  }
  for (const [name, own] of handlers) {
    parts.push(lenField(HANDLERS, Buffer.concat([lenField(1, name), lenField(2, own)])));
  }
  return Buffer.concat(parts);
}

/** The value in a StatusResponse's info; undefined if it has none of this key. */
export function readInfo(response: Buffer, key: string): string | undefined {
  return readAllBytes(response, INFO)
    .map(entry => readMapEntry(entry, 0, entry.length))
    .findLast(entry => entry.key === key)?.value;
}

/** Put behind a StatusResponse, it adds an entry to its info. */
export function infoField(key: string, value: string): Buffer {
  return lenField(INFO, Buffer.concat([lenField(1, key), lenField(2, value)]));
}
