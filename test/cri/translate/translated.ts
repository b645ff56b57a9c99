import type { Message } from '../../support/cri-types.ts';
import { enums, type FieldFact, fields, type Package } from '../../support/facts.ts';

/**
 * A message of one package in another, by the rules of the API's history: a field that the other package does not
 * have is unknown there, NamespaceMode NODE is `true`, and a file system has another kind of name. Takes and returns
 * criTypes' objects without defaults.
 */
export function translated(from: Package, to: Package, message: string, value: Message): Message {
  const out: Message = {};
  const theirs = fields.get(from)!.get(message) ?? [];
  const ours = fields.get(to)!.get(message) ?? [];
  for (const [name, inner] of Object.entries(value)) {
    const field = theirs.find(each => each.name === name)!;
    const target = ours.find(each => each.number === field.number);
    if (target === undefined) continue;
    const one = (item: unknown) => translateValue(from, to, message, field, target, item);
    const result = field.repeated ? (inner as unknown[]).map(one) : one(inner);
    if (result !== undefined) out[target.name] = result;
  }
  for (const field of ours) if (field.repeated) out[field.name] ??= [];
  return out;
}

function translateValue(
  from: Package,
  to: Package,
  message: string,
  field: FieldFact,
  target: FieldFact,
  value: unknown,
): unknown {
  if (field.type === 'bool' && target.type === 'NamespaceMode') return value === true ? 'NODE' : undefined;
  if (field.type === 'NamespaceMode' && target.type === 'bool') return value === 'NODE' || undefined;
  if (field.type !== target.type && field.type.endsWith('Identifier')) return undefined;
  if (field.type === 'string' && target.type === 'bytes') return Buffer.from(value as string);
  if (field.type === 'bytes' && target.type === 'string') return (value as Buffer).toString();
  const isMessage = fields.get(from)!.has(field.type) || fields.get(to)!.has(field.type);
  if (isMessage) return translated(from, to, field.type, value as Message);
  return translateEnum(from, to, message, field, value);
}

/** A value without a name in the other package is a number there. */
function translateEnum(from: Package, to: Package, message: string, { type }: FieldFact, value: unknown): unknown {
  const [theirs, ours] = [from, to].map(pkg => enums.get(pkg)!.get(type) ?? enums.get(pkg)!.get(`${message}.${type}`));
  if (theirs === undefined || typeof value !== 'string') return value;
  const { number } = theirs.find(each => each.name === value)!;
  return ours?.find(each => each.number === number)?.name ?? number;
}

/** Replaces bytes by text, so that they can be compared with a string of the other package. */
export function withoutBinary(value: Message): Message {
  const text = (inner: unknown): unknown => {
    if (Buffer.isBuffer(inner)) return Buffer.from(inner.toString('hex'));
    if (Array.isArray(inner)) return inner.map(text);
    return typeof inner === 'object' && inner !== null ? withoutBinary(inner) : inner;
  };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, text(inner)]));
}
