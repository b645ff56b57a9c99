import type { HandlerRow } from '../routing/port/handlers.ts';
import type { PinRow } from '../routing/port/pins.ts';
import type { Setting } from './setting.ts';

/** Of `-handlers`: NAME=ID[:HANDLER],... `ids` are those of -connect, the empty one the primary's. Throws a UsageError. */
export function readHandlers(setting: Setting, ids: readonly string[]): HandlerRow[] {
  const rows: HandlerRow[] = [];
  for (const entry of splitList(setting.text)) {
    const fail = (fault: string) => setting.fail(fault, entry);
    const match = /^([^=]*)=([^:]*)(?::(.*))?$/.exec(entry);
    if (match === null) throw fail('has no "="; write it as NAME=ID or NAME=ID:HANDLER');
    const [, name = '', runtime = '', handler = ''] = match;
    if (name === '') throw fail('has no name before "="; write the handler of the RuntimeClass there');
    if (rows.some(row => row.name === name)) throw fail(`has the name of another entry, "${name}"; map each name once`);
    if (!ids.includes(runtime)) throw fail(`leads to the runtime "${runtime}", ${unknownId(ids)}`);
    rows.push({ name, runtime, handler });
  }
  return rows;
}

/** Of `-pin`: GLOB or ID=GLOB,...; `=GLOB` is for the primary alone. Throws a UsageError. */
export function readPins(setting: Setting, ids: readonly string[]): PinRow[] {
  return splitList(setting.text).map(entry => {
    const at = entry.indexOf('=');
    const runtime = at < 0 ? undefined : entry.slice(0, at);
    const glob = entry.slice(at + 1);
    const fail = (fault: string) => setting.fail(fault, entry);
    if (glob === '') throw fail("has no pattern; write one for the image's name, as registry.k8s.io/pause*");
    if (runtime !== undefined && !ids.includes(runtime))
      throw fail(`is for the runtime "${runtime}", ${unknownId(ids)}`);
    return { runtime, glob };
  });
}

/** One of a few words. Throws a UsageError. */
export function readChoice<Word extends string>(setting: Setting, words: readonly Word[]): Word {
  const word = words.find(each => each === setting.text);
  if (word === undefined) throw setting.fail(`is not one of ${words.join(', ')}`);
  return word;
}

/** How to go on after an id that is not there. */
export function unknownId(ids: readonly string[]): string {
  const known = ids.filter(id => id !== '').map(id => `"${id}"`);
  const others = known.length === 0 ? '' : `one of ${known.join(', ')}, or `;
  return `which -connect does not have; use ${others}nothing for the primary`;
}

function splitList(text: string): string[] {
  return text === '' ? [] : text.split(',').map(entry => entry.trim());
}
