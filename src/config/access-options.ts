import { allowedMethods, setNames } from '../routing/access/allowed-methods.ts';
import type { Beside } from './option.ts';
import { entry, socket } from './option-types.ts';
import { ownSocketAt } from './own-sockets.ts';
import { Fault, list, mapping, text, wholeNumber, yesOrNo } from './value-type.ts';

/** As chmod takes it, in octal digits. */
const mode = text(
  'MODE',
  raw => (/^0?[0-7]{3}$/.test(raw) ? Number.parseInt(raw, 8) : new Fault('is not a file mode; write it as "0660"')),
  value => value.toString(8).padStart(4, '0'),
);

const allowed = text('SET', raw =>
  allowedMethods([raw]).size > 0
    ? raw
    : new Fault(`is no method of CRI; use ${setNames.join(', ')}, a method as ListContainers, or a glob as List*`),
);

const callsPerSecond = wholeNumber('RATE', raw =>
  raw >= 1 && raw <= 1_000_000 ? raw : new Fault('is not a rate; use calls a second, from 1 to 1000000'),
);

/** Sockets for clients beside the node's own, each with its rules. */
export const accessSockets = list(
  mapping(
    {
      path: socket,
      mode,
      group: entry,
      allow: list(allowed, `is empty; use ${setNames.join(', ')}, or methods`),
      redact: yesOrNo,
      namespaces: list(entry, 'is empty; leave it out for all namespaces'),
      rate: callsPerSecond,
    },
    ['path', 'allow'],
  ),
);

type Parsed<Type> = Type extends { parse(raw: unknown): infer T } ? Exclude<T, Fault> : never;

export type AccessSocketConfig = Parsed<typeof accessSockets>[number];

/** Each has a place of its own. A runtime at one of them is a fault of the runtime. */
export function checkSockets(sockets: readonly AccessSocketConfig[], { own }: Beside): Fault | undefined {
  for (const [at, { path }] of sockets.entries()) {
    const name = ownSocketAt(path, { ...own, sockets: sockets.slice(0, at) });
    if (name !== undefined)
      return new Fault(`is the socket of ${name} too; give it a path of its own`, [at, 'path'], path);
  }
  return undefined;
}
