import { lenField, readString } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { WireError } from '../../wire/wire-error.ts';

/** The name of an item of a list that no other item of the list has. */
export type KeyOf = (item: Buffer) => string;

/**
 * The items of a list's answer by their ids, or by another key, as the bytes of each item without tag and length.
 * ListPodSandboxResponse, ListContainersResponse, ListImagesResponse and the messages of their streams all are one repeated field, 1,
 * of items whose id is their field 1. Throws a WireError.
 */
export function itemsById(list: Buffer, keyOf: KeyOf = itemId): Map<string, Buffer> {
  const items = new Map<string, Buffer>();
  const records = new Records(list);
  while (records.next()) {
    if (records.field !== 1 || records.type !== WireType.Len) continue;
    const item = list.subarray(records.valueStart, records.valueEnd);
    items.set(keyOf(item), item);
  }
  return items;
}

/** How many items a list's answer has. Throws a WireError. */
export function countItems(list: Buffer): number {
  const records = new Records(list);
  let count = 0;
  while (records.next()) if (records.field === 1 && records.type === WireType.Len) count++;
  return count;
}

/** The id of an item of a list, or of a PodSandboxStatus or a ContainerStatus. */
export function itemId(item: Buffer): string {
  return readString(item, 1);
}

/**
 * Throws a WireError unless the answer is a list whose items are messages with an id. Any other answer must not reach a client,
 * which would take the items that it cannot read for gone.
 */
export function checkList(list: Buffer): void {
  eachItem(list, (item, start) => {
    let hasId = false;
    while (item.next()) hasId ||= item.field === 1 && item.type === WireType.Len && item.valueEnd > item.valueStart;
    if (!hasId) throw new WireError('list item without an id', start);
  });
}

/** Throws a WireError unless the answer is a message whose fields 1 are messages, if they are not numbers. */
export function checkItems(answer: Buffer): void {
  eachItem(answer, item => {
    while (item.next());
  });
}

/** Visits the records of each item of a list, and the place where it begins. */
function eachItem(list: Buffer, visit: (item: Records, start: number) => void): void {
  const records = new Records(list);
  const item = new Records(list);
  while (records.next()) {
    if (records.field !== 1 || records.type !== WireType.Len) continue;
    item.reset(list, records.valueStart, records.valueEnd);
    visit(item, records.start);
  }
}

/** A list's answer with these items. */
export function listOf(items: Iterable<Buffer>): Buffer {
  const parts: Buffer[] = [];
  for (const item of items) parts.push(lenField(1, item));
  return Buffer.concat(parts);
}

/** The id of a pod or container in a request that names one, and in the answer to a request that makes one: field 1 of all of them. */
export function idOf(message: Buffer): string {
  return readString(message, 1);
}

/** A request that has the id of a pod or container as its field 1, and nothing else: for its status, or to stop or remove it. */
export function idRequest(id: string): Buffer {
  return lenField(1, id);
}

/** A ListPodSandboxRequest or ListContainersRequest for this id: field 1, the filter, has it as its field 1. */
export function idFilterRequest(id: string): Buffer {
  return lenField(1, lenField(1, id));
}
