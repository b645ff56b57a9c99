import { type DumpLimit, dump } from '../../cri/show/dump.ts';
import type { Package } from '../../cri/translate/packages.ts';
import { Records } from '../../wire/records.ts';
import { WireError } from '../../wire/wire-error.ts';

/** How much of a message is shown, in bytes: a list of 500 containers would fill the terminal, and take its time. */
const BODY_LIMIT = 64 * 1024;
const SHOWN: DumpLimit = { values: 5_000, text: BODY_LIMIT };

/** The beginning of a message that is shown, and how long the whole was. */
export interface Body {
  readonly bytes: Buffer;
  readonly length: number;
}

/** Cuts a message behind a record, so that the rest is a message too. A copy, which does not hold on to the whole message. */
export function cutBody(message: Buffer | undefined): Body | undefined {
  if (message === undefined) return undefined;
  if (message.length <= BODY_LIMIT) return { bytes: message, length: message.length };
  return { bytes: Buffer.from(message.subarray(0, wholeRecords(message, BODY_LIMIT))), length: message.length };
}

/** The end of the last record that ends within the limit. */
function wholeRecords(message: Buffer, limit: number): number {
  let end = 0;
  const records = new Records(message);
  try {
    while (records.next() && records.valueEnd <= limit) end = records.valueEnd;
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
  }
  return end;
}

/** As a log shows it, redacted; `...` gives the size of the part that was cut off. */
export function showBody(message: string, from: Package, { bytes, length }: Body): Record<string, unknown> {
  const shown = dump(message, from, bytes, SHOWN);
  if (bytes.length === length) return shown;
  return { ...shown, '...': `<${length - bytes.length} more bytes>` };
}
