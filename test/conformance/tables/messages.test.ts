import { test } from 'tap';
import { enums } from '../../../src/cri/tables/enums.ts';
import { messages } from '../../../src/cri/tables/messages.ts';
import { fieldsOf, isMessage, isVarint } from '../../../src/cri/tables/schema.ts';
import { enums as enumFacts, type FieldFact, fields as fieldFacts } from '../../support/facts.ts';

const v1 = fieldFacts.get('runtime.v1')!;
const v1Enums = enumFacts.get('runtime.v1')!;

/** An enum that is declared inside a message is named with it. */
function typeName(message: string, { type }: FieldFact): string {
  if (type.startsWith('map<')) return 'map';
  return v1Enums.has(`${message}.${type}`) ? `${message}.${type}` : type;
}

test('every message with fields has a row, and no other has', async t => {
  t.strictSame(Object.keys(messages).sort(), [...v1.keys()].sort());
});

for (const [message, facts] of v1) {
  test(`the row of ${message}`, async t => {
    const rows = fieldsOf(message).map(({ name, number, type, repeated }) => ({ name, number, type, repeated }));
    const expected = facts.map(fact => ({
      name: fact.name,
      number: fact.number,
      type: typeName(message, fact),
      repeated: fact.repeated,
    }));
    t.strictSame(rows.sort(byNumber), expected.sort(byNumber));
  });
}

function byNumber(a: { number: number }, b: { number: number }): number {
  return a.number - b.number;
}

test('every map is one of strings', async t => {
  const maps = [...v1.values()].flat().filter(field => field.type.startsWith('map<'));
  t.ok(maps.length > 0);
  t.strictSame([...new Set(maps.map(field => field.type))], ['map<string,string>']);
});

test('every field is of a type that is known', async t => {
  const scalars = ['string', 'bytes', 'bool', 'int32', 'int64', 'uint32', 'uint64', 'double', 'map'];
  const withoutFields = ['ImageFsInfoRequest'];
  for (const [message, facts] of v1) {
    for (const fact of facts) {
      const type = typeName(message, fact);
      const known = scalars.includes(type) || v1.has(type) || v1Enums.has(type) || withoutFields.includes(type);
      t.ok(known, `${message}.${fact.name}: ${type}`);
    }
  }
});

test('every enum has a row, and no other has', async t => {
  t.strictSame(Object.keys(enums).sort(), [...v1Enums.keys()].sort());
});

for (const [name, facts] of v1Enums) {
  test(`the row of enum ${name}`, async t => {
    const names = [...facts].sort(byNumber).map(value => value.name);
    t.strictSame(facts.map(value => value.number).sort(order), [...names.keys()], 'numbered from 0 without a gap');
    t.strictSame(enums[name]!.split(' '), names);
  });
}

function order(a: number, b: number): number {
  return a - b;
}

const kinds: ReadonlyArray<readonly [type: string, message: boolean, varint: boolean]> = [
  ['string', false, false],
  ['bytes', false, false],
  ['double', false, false],
  ['map', false, false],
  ['bool', false, true],
  ['int32', false, true],
  ['int64', false, true],
  ['uint32', false, true],
  ['uint64', false, true],
  ['Signal', false, true],
  ['SecurityProfile.ProfileType', false, true],
  ['SecurityProfile', true, false],
  ['UInt64Value', true, false],
];

test('the wire type of each type', async t => {
  for (const [type, message, varint] of kinds) {
    t.strictSame([isMessage(type), isVarint(type)], [message, varint], `${type}: message ${message}, varint ${varint}`);
  }
});
