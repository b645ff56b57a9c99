import { runtimeLabel, runtimeName } from '../base/runtime-name.ts';
import { isSameSocket } from '../transport/sockets/same-socket.ts';
import type { Beside } from './option.ts';
import { ownSocketAt } from './own-sockets.ts';
import { Fault } from './value-type.ts';

/** The first runtime has no id, every other one has its own. */
export function checkId(id: string, { runtimes, at }: Beside): Fault | undefined {
  if (at === 0 && id !== '') {
    return new Fault(
      "cannot be the first: the first runtime is the primary and has no id; put the primary's socket before it",
    );
  }
  return at > 0 && id !== '' && runtimes.slice(0, at).some(other => other.id === id)
    ? new Fault(`has the id of another runtime, "${id}"; give it an id of its own`)
    : undefined;
}

/** A runtime is named once, and is not criproxy itself. */
export function checkSocket(socket: string, { runtimes, own, at }: Beside): Fault | undefined {
  if (at > 0 && runtimes[at]!.id === '') {
    return new Fault('is a second primary: only the first runtime is without an id; write it as id:socket');
  }
  if (runtimes.slice(0, at).some(other => isSameSocket(other.socket, socket))) {
    return new Fault('has the socket of another runtime; name each runtime once');
  }
  const name = ownSocketAt(socket, own);
  return name === undefined
    ? undefined
    : new Fault(`is the socket of ${name}: criproxy cannot be its own runtime; change one`);
}

export function checkAdminSocket(adminSocket: string | undefined, { own }: Beside): Fault | undefined {
  return adminSocket !== undefined && isSameSocket(own.listen, adminSocket)
    ? new Fault('is the socket of -listen; change one', [], adminSocket)
    : undefined;
}

/** A name leads to one runtime. */
export function checkHandlers(handlers: Readonly<Record<string, string>>, { runtimes, at }: Beside): Fault | undefined {
  const name = Object.keys(handlers).find(each =>
    runtimes.slice(0, at).some(other => Object.hasOwn(other.handlers, each)),
  );
  return name === undefined ? undefined : nameTaken(name);
}

/** A map has each name once, and so have the maps of all runtimes together. */
export function nameTaken(name: string, path: readonly string[] = [name]): Fault {
  return new Fault(`has the name of another entry, "${name}"; map each name once`, path);
}

/** Each rule names a configured runtime, and the word for the primary is no other runtime's id. */
export function checkPlacement(
  rules: ReadonlyArray<{ readonly runtime: string }>,
  { runtimes }: Beside,
): Fault | undefined {
  for (const [index, { runtime }] of rules.entries()) {
    if (!runtimes.some(({ id }) => id === runtime)) {
      const known = runtimes.map(({ id }) => runtimeLabel(id)).join(', ');
      return new Fault(`is not a runtime of this configuration; use one of ${known}`, [index, 'runtime']);
    }
    if (runtime === '' && runtimes.some(({ id }) => id === 'primary')) {
      return new Fault('is the primary and the id of another runtime; give that one another id', [index, 'runtime']);
    }
  }
  return undefined;
}

/** A value means one runtime, and no id of another. */
export function checkAnnotations(annotations: readonly string[], { runtimes, at }: Beside): Fault | undefined {
  for (const [index, value] of annotations.entries()) {
    const other =
      runtimes.find(({ id }, n) => id !== '' && id === value && n !== at) ??
      runtimes.slice(0, at).find(each => each.annotations.includes(value));
    if (other !== undefined) {
      return new Fault(`means ${runtimeName(other.id)} already; use another value`, [index]);
    }
  }
  return undefined;
}
