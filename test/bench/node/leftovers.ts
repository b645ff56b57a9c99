import type { Session } from 'node:inspector';

/**
 * The objects that a daemon keeps, counted after a full collection. Loaded before the program, it answers each message
 * on the IPC channel with Leftovers.
 */
export interface Leftovers {
  readonly timers: number;
  /** Entries of all maps and sets. */
  readonly entries: number;
  /** Every object of JavaScript, functions among them. */
  readonly objects: number;
}

const timer = setTimeout(() => undefined, 0);
const Timer = Object.getPrototypeOf(timer) as object;
clearTimeout(timer);

const objectGroup = 'leftovers';

/** The answer of the process's own inspector, which gives it at once. */
function post<T>(session: Session, method: string, parameters: object): T {
  let answer: T | undefined;
  session.post(method, parameters, (fault: Error | null, result: unknown) => {
    if (fault !== null) throw new Error(`${method}: ${fault.message}`);
    answer = result as T;
  });
  return answer!;
}

/**
 * A sum, in JavaScript, over `this`, an array of all objects with the prototype in their chain. `Runtime.queryObjects` finds them after a
 * full collection.
 */
function ask(session: Session, prototype: object, sum: string): number {
  const kept = globalThis as { leftoversPrototype?: object };
  kept.leftoversPrototype = prototype;
  const { result } = post<{ result: { objectId: string } }>(session, 'Runtime.evaluate', {
    expression: 'leftoversPrototype',
    objectGroup,
  });
  const { objects } = post<{ objects: { objectId: string } }>(session, 'Runtime.queryObjects', {
    prototypeObjectId: result.objectId,
    objectGroup,
  });
  const called = post<{ result: { value: number } }>(session, 'Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: `function () { return ${sum}; }`,
    returnByValue: true,
  });
  session.post('Runtime.releaseObjectGroup', { objectGroup });
  delete kept.leftoversPrototype;
  return called.result.value;
}

function count(): Leftovers {
  // Not before: until then the daemon has the memory that it has by itself.
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connect();
  const sizes = 'this.reduce((sum, each) => sum + (each.size ?? 0), 0)';
  const entries = ask(session, Map.prototype, sizes) + ask(session, Set.prototype, sizes);
  const timers = ask(session, Timer, 'this.length');
  const objects = ask(session, Object.prototype, 'this.length');
  session.disconnect();
  return { timers, entries, objects };
}

process.on('message', () => process.send!(count()));
process.channel!.unref();
