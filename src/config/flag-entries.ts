import type { FlagEntry } from './option.ts';
import { Fault } from './value-type.ts';

/** The entries of a flag's text; an empty text has none. */
export function splitEntries(text: string): string[] {
  return text === '' ? [] : text.split(',').map(entry => entry.trim());
}

/** Of `-connect`: SOCKET for the primary, ID:SOCKET for every other one. An `id` of undefined is none; an empty one is a fault. */
export function readConnectEntry(entry: string): { readonly id: string | undefined; readonly socket: string } {
  const colon = entry.indexOf(':');
  const isBare = colon < 0 || /^(?:\/|unix:|[^:]*:\/\/)/.test(entry);
  return isBare ? { id: undefined, socket: entry } : { id: entry.slice(0, colon), socket: entry.slice(colon + 1) };
}

/** Of `-handlers`: NAME=ID[:HANDLER]. */
export function readHandlerEntry(entry: string): FlagEntry | Fault {
  const match = /^([^=]*)=([^:]*)(?::(.*))?$/.exec(entry);
  if (match === null) return new Fault('has no "="; write it as NAME=ID or NAME=ID:HANDLER');
  const [, key = '', runtime = '', value = ''] = match;
  if (key === '') return new Fault('has no name before "="; write the handler of the RuntimeClass there');
  return { runtime, key, value };
}

/** Of `-pin`: GLOB or ID=GLOB; `=GLOB` is for the primary alone. */
export function readPinEntry(entry: string): FlagEntry | Fault {
  const at = entry.indexOf('=');
  const value = entry.slice(at + 1);
  if (value === '') return new Fault("has no pattern; write one for the image's name, as registry.k8s.io/pause*");
  return { runtime: at < 0 ? undefined : entry.slice(0, at), value };
}
