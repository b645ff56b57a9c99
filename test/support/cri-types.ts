import protobuf from 'protobufjs';
import { enums, fields, methods, type Package } from './facts.ts';

/** A decoded message, or one to encode, with the field names of the tables (`pod_sandbox_id`). */
// biome-ignore lint/suspicious/noExplicitAny: the shape comes from tables that are read at run time
export type Message = Record<string, any>;

export interface CriTypes {
  /**
   * Enum values are names or numbers, int64 a number, bigint or decimal string, bytes a Buffer or base64 text. Throws for
   * a message, field or enum value that the package does not have.
   */
  encode(message: string, value: Message): Buffer;
  /**
   * Fields that are not on the wire are absent, except that repeated fields are always arrays; with `defaults` they have their
   * default, which is null for a message. Enum values are names (numbers when unknown), int64 and uint64 are bigint, bytes
   * are Buffers. Throws when the bytes are not such a message.
   */
  decode(message: string, bytes: Buffer, options?: { defaults?: boolean }): Message;
}

const built = new Map<Package, CriTypes>();

/** The messages of a CRI API package, built by protobufjs from the fact tables and from nothing of the program itself. */
export function criTypes(pkg: Package): CriTypes {
  const known = built.get(pkg);
  if (known) return known;
  const root = buildRoot(pkg);
  const types: CriTypes = {
    encode(message, value) {
      const type = root.lookupType(message);
      checkNames(type, value, message);
      return Buffer.from(type.encode(type.fromObject(value)).finish());
    },
    decode(message, bytes, { defaults = false } = {}) {
      const type = root.lookupType(message);
      return type.toObject(type.decode(bytes), { longs: BigInt, enums: String, arrays: true, defaults });
    },
  };
  built.set(pkg, types);
  return types;
}

interface TypeJson {
  edition: string;
  fields: Record<string, { id: number; type: string; rule?: string; keyType?: string }>;
  nested: Record<string, EnumJson>;
}

interface EnumJson {
  edition: string;
  values: Record<string, number>;
}

// With another edition protobufjs would drop unknown enum values and not pack repeated numbers.
const edition = 'proto3';

function buildRoot(pkg: Package): protobuf.Root {
  const types: Record<string, TypeJson> = {};
  const enumTypes: Record<string, EnumJson> = {};
  // A message without fields has no row of its own, so each mention makes one.
  const ensureType = (name: string) => {
    types[name] ??= { edition, fields: {}, nested: {} };
    return types[name];
  };
  for (const [name, list] of enums.get(pkg)!) {
    const json = { edition, values: Object.fromEntries(list.map(value => [value.name, value.number])) };
    const [outer, inner] = name.split('.') as [string, string | undefined];
    if (inner) ensureType(outer).nested[inner] = json;
    else enumTypes[name] = json;
  }
  for (const fact of methods) if (fact.packages.includes(pkg)) [fact.request, fact.response].map(ensureType);
  for (const [name, list] of fields.get(pkg)!) {
    const type = ensureType(name);
    for (const { name, number: id, type: text, repeated } of list) {
      const [, keyType, valueType] = /^map<(\w+),(\w+)>$/.exec(text) ?? [];
      if (keyType) type.fields[name] = { id, keyType, type: valueType! };
      else type.fields[name] = { id, type: text, ...(repeated && { rule: 'repeated' }) };
      if (/^[A-Z]/.test(text) && !enumTypes[text] && !type.nested[text]) ensureType(text);
    }
  }
  return protobuf.Root.fromJSON({ nested: { ...types, ...enumTypes } }).resolveAll() as protobuf.Root;
}

/** protobufjs ignores a name that it does not know, and a misspelt field would make a test pass for nothing. */
function checkNames(type: protobuf.Type, value: Message, where: string): void {
  for (const [name, inner] of Object.entries(value)) {
    const field = type.fields[name];
    if (!field) throw new Error(`${where} has no field ${name}`);
    const items: unknown[] = field.repeated ? inner : [inner];
    const kind = field.resolve().resolvedType;
    for (const item of items) {
      if (kind instanceof protobuf.Type) checkNames(kind, item as Message, `${where}.${name}`);
      else if (kind instanceof protobuf.Enum && typeof item === 'string' && !(item in kind.values))
        throw new Error(`${where}.${name}: ${kind.name} has no value ${item}`);
    }
  }
}
