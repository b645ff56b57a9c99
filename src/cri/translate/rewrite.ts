import { type Edit, splice, type Visit } from '../../wire/splice.ts';
import type { Kind } from '../tables/messages.ts';
import { compile } from './compile.ts';

/** Edits one leaf, the value `bytes[start, end)`. */
export type Rewrite = (bytes: Buffer, start: number, end: number, edit: Edit) => void;

/** The edit for the leaves of each kind; a kind without an edit is left alone. */
export type Rewrites = { readonly [kind in Kind]?: Rewrite };

const identity = (message: Buffer): Buffer => message;

/**
 * A function that rewrites messages of this name. It gives the same Buffer where there is nothing to change, without
 * reading it where there can be nothing. Throws a WireError for bytes that are no message.
 */
export function rewriter(message: string, rewrites: Rewrites): (bytes: Buffer) => Buffer {
  const shape = compile(message, Object.keys(rewrites) as Kind[]);
  if (shape === undefined) return identity;
  const visit: Visit = (kind, value, start, end, edit) => rewrites[kind as Kind]!(value, start, end, edit);
  return bytes => splice(bytes, shape, visit);
}
