import type { Random } from '../transport/support/random.ts';
import { len, varint } from '../wire/bytes.ts';
import { type FieldFact, fields, type Package } from './facts.ts';

/** The depth of nested messages. */
const DEPTH = 4;

/** A number that no field of CRI has. */
const UNKNOWN = 1000;

const varints = ['bool', 'int32', 'int64', 'uint32', 'uint64'];

/** The bytes of a message of a package with random fields, some of which the package does not know. */
export function randomMessage(random: Random, pkg: Package, message: string, depth = 0): Buffer {
  const parts: Buffer[] = [];
  for (const field of fields.get(pkg)!.get(message) ?? []) {
    const count = field.repeated || field.type.startsWith('map') ? random.below(3) : Number(random.below(4) > 0);
    for (let i = 0; i < count; i++) parts.push(randomField(random, pkg, field, depth));
  }
  if (random.below(4) === 0) parts.push(len(UNKNOWN, random.octets(random.below(40))));
  return Buffer.concat(parts);
}

function randomField(random: Random, pkg: Package, { number, name, type }: FieldFact, depth: number): Buffer {
  if (type === 'string') return len(number, name === 'url' ? 'http://127.0.0.1:9/token' : randomText(random));
  if (type === 'bytes') return len(number, random.octets(random.below(30)));
  if (type.startsWith('map'))
    return len(number, Buffer.concat([len(1, randomText(random)), len(2, randomText(random))]));
  if (!varints.includes(type) && fields.get(pkg)!.has(type)) {
    return len(number, depth < DEPTH ? randomMessage(random, pkg, type, depth + 1) : Buffer.alloc(0));
  }
  return varint(number, random.below(type === 'bool' ? 2 : 100));
}

/** Mostly a short text, sometimes one larger than a window; some texts are not ASCII. */
function randomText(random: Random): string {
  const unit = random.pick(['a', 'x-y.z', 'ä', '日本', '0123456789abcdef']);
  return unit.repeat(random.below(50) === 0 ? random.below(20_000) : 1 + random.below(6));
}
