/**
 * The same function, which gives its last result again while it is given the very same Buffers. `make` must depend on nothing
 * else.
 */
export function lastResult(make: (...messages: Buffer[]) => Buffer): (...messages: Buffer[]) => Buffer {
  let given: Buffer[] | undefined;
  let result: Buffer;
  return (...messages) => {
    if (given?.length !== messages.length || given.some((message, index) => message !== messages[index])) {
      result = make(...messages);
      given = messages;
    }
    return result;
  };
}
