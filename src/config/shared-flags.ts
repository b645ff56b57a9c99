import { readHandlerEntry, readPinEntry } from './flag-entries.ts';
import type { OptionFlag } from './option.ts';

/** The list of runtimes itself. Other options of the file for a runtime in the list stay in force. */
export const connect: OptionFlag = {
  name: 'connect',
  placeholder: 'SOCKET[,ID:SOCKET...]',
  help: 'the runtimes: the first is the primary and has no id, every other is id:socket; /path and unix:///path mean the same',
};

export const handlers: OptionFlag = {
  name: 'handlers',
  placeholder: 'NAME=ID[:HANDLER],...',
  readEntry: readHandlerEntry,
  help: 'which runtime a RuntimeClass handler is for, and the handler that it gets there (its default if left out); an empty ID is the primary; the id of a runtime is a handler of its own, all others are for the primary',
};

export const pin: OptionFlag = {
  name: 'pin',
  placeholder: 'GLOB[,ID=GLOB...]',
  readEntry: readPinEntry,
  help: "images that the kubelet must not remove, by tag, digest or id in the runtime's own names: of all runtimes, of one, or (=GLOB) of the primary",
};

export const listTimeout: OptionFlag = { name: 'listTimeout' };
