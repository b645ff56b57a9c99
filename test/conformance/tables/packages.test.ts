import { test } from 'tap';
import { messages } from '../../../src/cri/tables/messages.ts';
import { type Field, fieldsOf } from '../../../src/cri/tables/schema.ts';
import { overrides, type Package, packages, translation } from '../../../src/cri/translate/packages.ts';
import { enums, type FieldFact, fields } from '../../support/facts.ts';

const v1 = fields.get('runtime.v1')!;
const older = ['runtime.v1alpha2', 'runtime'] as const;

/** All differences of the older packages' fields to those of `runtime.v1`. */
const differences: Readonly<Record<(typeof older)[number], readonly string[]>> = {
  'runtime.v1alpha2': ['KeyValue.2: value:string -> value:bytes'],
  runtime: [
    'FilesystemUsage.2: storage_id:StorageIdentifier -> fs_id:FilesystemIdentifier',
    'KeyValue.2: value:string -> value:bytes',
    'NamespaceOption.1: host_network:bool -> network:NamespaceMode',
    'NamespaceOption.2: host_pid:bool -> pid:NamespaceMode',
    'NamespaceOption.3: host_ipc:bool -> ipc:NamespaceMode',
    'StorageIdentifier.1: uuid:string -> none',
  ],
};

/** Fields that are not rewritten: a string is bytes on the wire, and StorageIdentifier is reached by FilesystemUsage.2 alone. */
const sameOnTheWire = ['KeyValue.2', 'StorageIdentifier.1'];

function describe({ name, type, repeated }: FieldFact): string {
  return `${name}:${type}${repeated ? '[]' : ''}`;
}

/** `Message.number: theirs -> that of runtime.v1` for each field that differs, or that runtime.v1 does not have. */
function differ(of: Package): string[] {
  const out: string[] = [];
  for (const [message, theirs] of fields.get(of)!) {
    const ours = v1.get(message) ?? [];
    for (const field of theirs) {
      const same = ours.find(other => other.number === field.number);
      const now = same === undefined ? 'none' : describe(same);
      if (describe(field) !== now) out.push(`${message}.${field.number}: ${describe(field)} -> ${now}`);
    }
  }
  return out.sort();
}

/** `Message.number` of every field of a kind. */
function fieldsOfKind(...kinds: readonly (Field['kind'] | undefined)[]): string[] {
  return Object.keys(messages)
    .flatMap(message =>
      fieldsOf(message)
        .filter(field => kinds.includes(field.kind))
        .map(field => `${message}.${field.number}`),
    )
    .sort();
}

for (const old of older) {
  test(`fields of ${old} that differ from runtime.v1`, async t => {
    t.strictSame(differ(old), differences[old]);
  });

  test(`enum values of ${old} are the same as in runtime.v1`, async t => {
    for (const [name, values] of enums.get(old)!) {
      const now = enums.get('runtime.v1')!.get(name) ?? [];
      for (const value of values) {
        t.strictSame(
          now.find(other => other.number === value.number),
          value,
          `${name} ${value.number} ${value.name}`,
        );
      }
    }
  });
}

test('exactly the fields that differ on the wire are translated', async t => {
  const differing = differences.runtime.map(row => row.slice(0, row.indexOf(':')));
  t.strictSame(
    fieldsOfKind('namespaceMode', 'filesystemId'),
    differing.filter(field => !sameOnTheWire.includes(field)),
  );
});

test('messages are shown with the names of their own package', async t => {
  for (const each of packages) {
    for (const [message, facts] of fields.get(each)!) {
      const shown = fieldsOf(message, overrides[each]?.[message]);
      for (const fact of facts) {
        const name = shown.find(field => field.number === fact.number)?.name;
        t.equal(name, fact.name, `${each} ${message}.${fact.number} is ${fact.name}`);
      }
    }
  }
  t.strictSame(Object.keys(overrides), ['runtime'], 'no override that is not needed');
  t.strictSame(
    Object.keys(overrides.runtime!).sort(),
    [...new Set(differ('runtime').map(row => row.slice(0, row.indexOf('.'))))].filter(name => name !== 'KeyValue'),
  );
});

const kindsToRewrite: ReadonlyArray<readonly [from: Package, to: Package, kinds: readonly string[]]> = [
  ['runtime.v1', 'runtime.v1', []],
  ['runtime.v1alpha2', 'runtime.v1alpha2', []],
  ['runtime', 'runtime', []],
  ['runtime.v1', 'runtime.v1alpha2', []],
  ['runtime.v1alpha2', 'runtime.v1', []],
  ['runtime.v1', 'runtime', ['filesystemId', 'namespaceMode']],
  ['runtime.v1alpha2', 'runtime', ['filesystemId', 'namespaceMode']],
  ['runtime', 'runtime.v1', ['filesystemId', 'namespaceMode']],
  ['runtime', 'runtime.v1alpha2', ['filesystemId', 'namespaceMode']],
];

for (const [from, to, kinds] of kindsToRewrite) {
  test(`${from} to ${to} rewrites ${kinds.join(', ') || 'nothing'}`, async t => {
    t.strictSame(Object.keys(translation(from, to)).sort(), kinds);
  });
}
