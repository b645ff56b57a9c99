import type { Message } from '../support/cri-types.ts';
import { enums, type FieldFact, fields, type Package } from '../support/facts.ts';
import type { Random } from '../wire/seeded.ts';

/** Awkward texts: more bytes than characters, separators of our own names, control characters of a terminal. */
const texts = ['', 'a', 'nginx', 'a__b', 'alt/x', 'käse', '\u0000', '💾', 'x'.repeat(127), 'x'.repeat(128), ' \n'];

const ENOUGH = 4;

/** A message with random values, as criTypes(pkg).encode takes it and as decode gives it back. */
export function randomMessage(pkg: Package, message: string, random: Random, depth = 0): Message {
  const out: Message = {};
  for (const field of fields.get(pkg)!.get(message) ?? []) {
    if (field.repeated) {
      const items = random.chance(0.5) ? random.below(3) : 0;
      out[field.name] = Array.from({ length: items }, () => randomValue(pkg, message, field, random, depth));
    } else if (random.chance(depth > ENOUGH ? 0.2 : 0.7)) {
      const value = randomValue(pkg, message, field, random, depth);
      if (!isDefault(value)) out[field.name] = value;
    }
  }
  return out;
}

/** Proto3 does not write a default value. */
function isDefault(value: unknown): boolean {
  return value === '' || value === 0 || value === 0n || value === false || (Buffer.isBuffer(value) && !value.length);
}

function randomValue(pkg: Package, message: string, field: FieldFact, random: Random, depth: number): unknown {
  const { type } = field;
  const names = enums.get(pkg)!.get(type) ?? enums.get(pkg)!.get(`${message}.${type}`);
  if (names !== undefined) {
    const { number, name } = random.pick(names);
    return number === 0 ? 0 : name;
  }
  switch (type) {
    case 'string':
      return random.pick(texts);
    case 'bytes':
      return random.bytes(random.below(5));
    case 'bool':
      return random.chance(0.5);
    case 'int32':
      return random.pick([0, 1, -1, 300, 2 ** 31 - 1, -(2 ** 31)]);
    case 'uint32':
      return random.pick([0, 1, 300, 2 ** 32 - 1]);
    case 'int64':
      return random.pick([0n, 1n, -1n, 1_700_000_000_000_000_000n, 2n ** 63n - 1n]);
    case 'uint64':
      return random.pick([0n, 1n, 2n ** 53n, 2n ** 64n - 1n]);
    case 'double':
      return random.pick([0, 0.5, -1e300]);
    case 'map<string,string>':
      return Object.fromEntries(
        Array.from({ length: 1 + random.below(2) }, (_, at) => [`key-${at}`, random.pick(texts)]),
      );
    default:
      return randomMessage(pkg, type, random, depth + 1);
  }
}
