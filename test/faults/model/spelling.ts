import type { Engine } from './engine.ts';
import type { Knowledge } from './knowledge.ts';
import type { Kind } from './lives.ts';

/** The length of an id that crictl shows. */
const SHORT = 13;

/** The names by which a client may call a pod or container of an engine: whole or by its beginning, with the runtime's id or without. */
export function spellings(knowledge: Knowledge, engine: Engine, kind: Kind, id: string): string[] {
  const prefix = knowledge.partyOf(engine).id;
  const kept = keptNames(knowledge, engine, id);
  if (prefix === '') return [id, id.slice(0, SHORT), ...kept];
  const prefixed = [`${prefix}__${id}`, `${prefix}__${id.slice(0, SHORT)}`];
  if (knowledge.config.ids === 'raw') return [...prefixed, ...kept, id, id.slice(0, SHORT)];
  // Among prefixed ids, an id without a prefix is the primary's, unless the proxy knows it as another's.
  return knowledge.isKnown(engine, kind, id) ? [...prefixed, ...kept, id] : [...prefixed, ...kept];
}

/** The names that an item has from before a change of its runtime's id, if it surely has them. */
function keptNames(knowledge: Knowledge, engine: Engine, id: string): string[] {
  const [prefix, ...others] = knowledge.keptPrefixes(engine, id);
  if (prefix === undefined || others.length > 0) return [];
  return prefix === '' ? [id] : [prefix + id, prefix + id.slice(0, SHORT)];
}

/** Whether the name alone tells its engine. */
export function isNamed(knowledge: Knowledge, engine: Engine, name: string): boolean {
  const prefix = knowledge.partyOf(engine).id;
  if (name.includes('__')) return true;
  return prefix === '' && knowledge.config.ids === 'prefixed';
}
