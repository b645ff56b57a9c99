import { test } from 'tap';
import { messages } from '../../../src/cri/tables/messages.ts';
import { type Field, fieldsOf, isMessage } from '../../../src/cri/tables/schema.ts';
import { methodSpec } from '../../../src/cri/translate/method-spec.ts';
import { type IdPathFact, idPaths, methods } from '../../support/facts.ts';

/** The table's kinds, each with the program's kinds. */
const kindsOf: Readonly<Record<IdPathFact['kind'], readonly string[]>> = {
  pod: ['pod'],
  container: ['container'],
  image: ['image', 'imageHint', 'imageId'],
  handler: ['handler'],
  url: ['url'],
};

/**
 * Fields that sound as if they named something of a runtime, but do not: ids of users are numbers of the kernel, a sub-path
 * is one of files, a seccomp profile is a file of the node.
 */
const notNames = [
  'IDMapping.container_id',
  'IDMapping.host_id',
  'Mount.image_sub_path',
  'SecurityProfile.localhost_ref',
];

interface Leaf {
  readonly path: string;
  readonly field: Field;
}

/** Every path of a message to a field that is no message, as the table writes it. */
function leavesOf(message: string, prefix = ''): Leaf[] {
  return fieldsOf(message).flatMap(field => {
    const path = `${prefix}${field.name}(${field.number})${field.repeated ? '[]' : ''}`;
    return isMessage(field.type) ? leavesOf(field.type, `${path}.`) : [{ path, field }];
  });
}

const sides = methods.flatMap(fact => [
  { method: fact.method, side: 'request' as const, message: methodSpec(fact.method).request },
  { method: fact.method, side: 'response' as const, message: methodSpec(fact.method).response },
]);

const tableKinds = new Set(Object.values(kindsOf).flat());

for (const { method, side, message } of sides) {
  test(`${method} ${side}`, async t => {
    const facts = idPaths.filter(row => row.method === method && row.side === side);
    const leaves = leavesOf(message);
    for (const fact of facts) {
      const kind = leaves.find(leaf => leaf.path === fact.path)?.field.kind;
      t.ok(kindsOf[fact.kind].includes(kind!), `${fact.path} is a ${fact.kind}: ${kind}`);
    }
    const named = leaves.filter(leaf => leaf.field.kind !== undefined && tableKinds.has(leaf.field.kind));
    t.strictSame(named.map(leaf => leaf.path).sort(), facts.map(fact => fact.path).sort(), 'no other leaf is a name');
  });
}

test('a field that sounds like a name is one, or is known not to be', async t => {
  const named = (field: Field) => field.kind !== undefined && tableKinds.has(field.kind);
  const sounding = /(?:^|_)(?:ids?|ref|handler|image|url|tags|digests|user_specified_image)(?:_|$)/;
  const found = Object.keys(messages).flatMap(message =>
    fieldsOf(message)
      .filter(field => !isMessage(field.type) && sounding.test(field.name) && !named(field))
      .map(field => `${message}.${field.name}`),
  );
  t.strictSame(found.sort(), [...notNames].sort());
});

/**
 * Places where runtimes may put names in free text, which are handed on as they are: keys and values have no schema. The proxy
 * reads only the annotation that names the runtime of a pod.
 */
const freeText = [
  'Metric.label_values',
  'PodSandboxStatusResponse.info',
  'ContainerStatusResponse.info',
  'ImageStatusResponse.info',
  'StatusResponse.info',
];

test('places of free text are handed on as they are', async t => {
  const found = Object.keys(messages).flatMap(message =>
    fieldsOf(message)
      .filter(field => /^(?:info|label_values)$/.test(field.name) && (field.kind ?? 'secret') === 'secret')
      .map(field => `${message}.${field.name}`),
  );
  t.strictSame(found.sort(), [...freeText].sort());
  const annotated = Object.keys(messages).filter(message =>
    fieldsOf(message).some(field => field.name === 'annotations' && field.kind === 'podAnnotation'),
  );
  t.strictSame(annotated, ['PodSandboxConfig']);
});
