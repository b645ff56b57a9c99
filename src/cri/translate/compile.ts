import { WireType } from '../../wire/records.ts';
import type { Last, Leaf, Shape } from '../../wire/splice.ts';
import type { Kind } from '../tables/messages.ts';
import { type Field, fieldsOf, isMessage, isVarint } from '../tables/schema.ts';
import { imageScopes } from '../tables/scopes.ts';
import { isPodSandboxStatus } from './event-sandbox.ts';
import { lastFields } from './last-fields.ts';

const compiled = new Map<string, Shape | undefined>();

/**
 * The look-up tries of a message for the leaves of these kinds; undefined when it can hold none, so that there is nothing
 * to look for. A field of a wanted kind is a leaf even if it is a message itself.
 */
export function compile(message: string, kinds: readonly Kind[]): Shape | undefined {
  const key = `${message} ${[...kinds].sort().join(' ')}`;
  if (!compiled.has(key)) compiled.set(key, compileMessage(message, kinds));
  return compiled.get(key);
}

function compileMessage(message: string, kinds: readonly Kind[]): Shape | undefined {
  const fields: Array<Shape | Leaf | undefined> = [];
  for (const field of fieldsOf(message)) {
    const node = compileField(message, field, kinds);
    if (node !== undefined) fields[field.number] = node;
  }
  const last = compileLast(message, kinds);
  const first = kinds.includes('imageScope') && imageScopes.includes(message) ? 'imageScope' : undefined;
  if (fields.length === 0 && last === undefined && first === undefined) return undefined;
  return { fields: Array.from(fields), ...(last && { last }), ...(first && { first }) };
}

function compileLast(message: string, kinds: readonly Kind[]): Last | undefined {
  const row = lastFields[message];
  if (row === undefined || !kinds.includes(row.kind)) return undefined;
  const { number, type } = fieldsOf(message).find(field => field.name === row.field)!;
  return { kind: row.kind, field: number, type: isVarint(type) ? WireType.Varint : WireType.Len };
}

function compileField(message: string, field: Field, kinds: readonly Kind[]): Shape | Leaf | undefined {
  const last = lastFields[message];
  if (last?.field === field.name && kinds.includes(last.kind)) return undefined;
  if (field.kind !== undefined && kinds.includes(field.kind)) {
    return { kind: field.kind, type: isVarint(field.type) ? WireType.Varint : WireType.Len };
  }
  if (!isMessage(field.type)) return undefined;
  const shape = compile(field.type, kinds);
  if (shape === undefined) return undefined;
  return message === 'ContainerEventResponse' && field.name === 'pod_sandbox_status'
    ? { ...shape, accepts: isPodSandboxStatus }
    : shape;
}
