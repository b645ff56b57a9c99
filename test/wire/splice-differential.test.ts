import { test } from 'tap';
import { type Leaf, type Shape, splice, type Visit } from '../../src/wire/splice.ts';
import { encodeVarint } from '../../src/wire/varint.ts';
import { randomMessage } from '../cri/random-message.ts';
import { criTypes, type Message } from '../support/cri-types.ts';
import { type FieldFact, fields, type Package, packages } from '../support/facts.ts';
import { type Random, seeded } from './seeded.ts';

const SEED = 20_260_101;
const ROUNDS = 60;

/** The change of a value: by us, as bytes, and by the test, as a value of protobufjs. */
interface Change {
  readonly name: string;
  readonly type: 'string' | 'int64';
  readonly visit: Visit;
  readonly value: (old: never) => unknown;
}

const changes: readonly Change[] = [
  {
    name: 'prefix',
    type: 'string',
    visit: (_kind, _bytes, start, _end, edit) => edit.replace(start, start, Buffer.from('préfix__')),
    value: (old: string) => `préfix__${old}`,
  },
  {
    name: 'longer',
    type: 'string',
    visit: (_kind, _bytes, start, end, edit) => edit.replace(start, end, Buffer.alloc(20_000, 'y')),
    value: () => 'y'.repeat(20_000),
  },
  {
    name: 'empty',
    type: 'string',
    visit: (_kind, _bytes, start, end, edit) => edit.replace(start, end, Buffer.alloc(0)),
    value: () => '',
  },
  {
    name: 'drop',
    type: 'string',
    visit: (_kind, _bytes, _start, _end, edit) => edit.drop(),
    value: () => undefined,
  },
  {
    name: 'number',
    type: 'int64',
    visit: (_kind, _bytes, start, end, edit) => edit.replace(start, end, encodeVarint(2 ** 40)),
    value: () => 2n ** 40n,
  },
];

/** Whether the numbers are in one LEN record, as repeated numbers are. */
function isPacked({ repeated, type }: FieldFact): boolean {
  return repeated && type === 'int64';
}

/** Some of the fields of this type, as `Message.field`. */
function chooseFields(pkg: Package, type: string, random: Random): Set<string> {
  const all = [...fields.get(pkg)!].flatMap(([message, list]) =>
    list.filter(field => field.type === type && !isPacked(field)).map(field => `${message}.${field.name}`),
  );
  return new Set(all.filter(() => random.chance(0.3)));
}

/** The messages that hold other messages. */
function messagesOfMessages(pkg: Package): string[] {
  const all = fields.get(pkg)!;
  return [...all].filter(([, list]) => list.some(field => all.has(field.type))).map(([name]) => name);
}

function shapeOf(pkg: Package, message: string, chosen: ReadonlySet<string>): Shape {
  const shape: Array<Shape | Leaf | undefined> = [];
  for (const field of fields.get(pkg)!.get(message) ?? []) {
    if (chosen.has(`${message}.${field.name}`)) {
      shape[field.number] = { kind: field.name, type: field.type === 'string' ? 2 : 0 };
    } else if (fields.get(pkg)!.has(field.type)) {
      shape[field.number] = shapeOf(pkg, field.type, chosen);
    }
  }
  return { fields: Array.from(shape) };
}

function changeObject(
  pkg: Package,
  name: string,
  object: Message,
  chosen: ReadonlySet<string>,
  change: Change,
): Message {
  const out: Message = {};
  const facts = new Map(
    fields
      .get(pkg)!
      .get(name)
      ?.map(field => [field.name, field]),
  );
  for (const [key, value] of Object.entries(object)) {
    const field = facts.get(key)!;
    const one = (item: unknown) => changeValue(pkg, name, field, item, chosen, change);
    const changed = Array.isArray(value) ? value.map(one).filter(item => item !== undefined) : one(value);
    // protobufjs does not have an empty string that is on the wire.
    if (changed !== undefined && changed !== '') out[key] = changed;
  }
  return out;
}

function changeValue(
  pkg: Package,
  message: string,
  field: FieldFact,
  value: unknown,
  chosen: ReadonlySet<string>,
  change: Change,
): unknown {
  if (chosen.has(`${message}.${field.name}`)) return change.value(value as never);
  if (!fields.get(pkg)!.has(field.type)) return value;
  return changeObject(pkg, field.type, value as Message, chosen, change);
}

for (const pkg of packages) {
  for (const change of changes) {
    test(`${pkg}: ${change.name} as protobufjs has it, in ${ROUNDS} random messages (seed ${SEED})`, async t => {
      const random = seeded(SEED);
      const types = criTypes(pkg);
      const names = messagesOfMessages(pkg);
      let changed = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const name = random.pick(names);
        const bytes = types.encode(name, randomMessage(pkg, name, random));
        const chosen = chooseFields(pkg, change.type, random);
        const spliced = splice(bytes, shapeOf(pkg, name, chosen), change.visit);
        if (spliced !== bytes) changed++;
        const expected = changeObject(pkg, name, types.decode(name, bytes), chosen, change);
        t.strictSame(types.decode(name, spliced), expected, `round ${round}: ${name} of ${bytes.length} bytes`);
      }
      t.ok(changed > ROUNDS / 30, `${changed} messages were changed`);
    });
  }
}
