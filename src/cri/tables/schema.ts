import { enums } from './enums.ts';
import { type Kind, messages } from './messages.ts';

/** One field of a message, from its row. */
export interface Field {
  readonly name: string;
  readonly number: number;
  /** A scalar's name, `map`, or that of a message or an enum. */
  readonly type: string;
  readonly repeated: boolean;
  readonly kind: Kind | undefined;
}

const pattern = /^(\w+)=(\d+):([\w.]+)(\[\])?(?:@(\w+))?$/;

function parseField(text: string): Field {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`not a field: ${text}`);
  return {
    name: match[1]!,
    number: Number(match[2]),
    type: match[3]!,
    repeated: match[4] !== undefined,
    kind: match[5] as Kind | undefined,
  };
}

const parsed = new Map<string, readonly Field[]>();

/** The fields of a message, `override` in place of its row; none for a message without fields. */
export function fieldsOf(message: string, override?: string): readonly Field[] {
  const row = override ?? messages[message] ?? '';
  let fields = parsed.get(row);
  if (fields === undefined) {
    fields = row === '' ? [] : row.split(' ').map(parseField);
    parsed.set(row, fields);
  }
  return fields;
}

/** Whether a field's type is a message, so that its records are LEN records of records. */
export function isMessage(type: string): boolean {
  return /^[A-Z]/.test(type) && enums[type] === undefined;
}

/** Whether a field of this type is a varint on the wire: bool, enum or integer. */
export function isVarint(type: string): boolean {
  return type === 'bool' || /^u?int/.test(type) || enums[type] !== undefined;
}

/** The name of an enum's value, or the number itself where it has none. */
export function enumName(type: string, value: number): string | number {
  return enums[type]?.split(' ')[value] ?? value;
}
