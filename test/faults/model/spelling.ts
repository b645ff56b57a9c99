import type { Engine } from './engine.ts';
import type { Knowledge } from './knowledge.ts';
import type { Kind } from './lives.ts';

/** How a client may name a pod or container of an engine: with the runtime's id or without. */
export function spellings(knowledge: Knowledge, engine: Engine, kind: Kind, id: string): string[] {
  const prefix = knowledge.partyOf(engine).id;
  const whole = knowledge.shown(engine, id);
  if (prefix === '') return [whole];
  const prefixed = `${prefix}__${id}`;
  // Among prefixed ids one without a prefix is the primary's, unless it is known better.
  const isFound = knowledge.config.ids === 'raw' || knowledge.livesOf(engine).isKnown(kind, id);
  return isFound ? [prefixed, id] : [prefixed];
}

/** Whether the name alone says whose it is. */
export function isNamed(knowledge: Knowledge, engine: Engine, name: string): boolean {
  const prefix = knowledge.partyOf(engine).id;
  return prefix === '' ? knowledge.config.ids === 'prefixed' : name.startsWith(`${prefix}__`);
}
