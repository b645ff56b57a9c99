import { randomMessage } from '../../cri/random-message.ts';
import { withoutBinary } from '../../cri/translate/translated.ts';
import { byAnnotation, clientName, pathsOf, put, TARGET_RUNTIME } from '../../routing/requests.ts';
import type { Message } from '../../support/cri-types.ts';
import { fields, type IdPathFact, methodFact, type Package, type PathSegment } from '../../support/facts.ts';
import type { Random } from '../../wire/seeded.ts';

const ownNames: Readonly<Record<IdPathFact['kind'], string>> = {
  pod: 'pod-1',
  container: 'container-1',
  image: 'registry.example/team/web:1',
  handler: 'kata',
  url: 'http://10.0.0.1:3000/token',
};

/** One message, with the runtime's names and with the client's. */
export interface Sample {
  readonly own: Message;
  readonly client: Message;
}

/**
 * A random message of a method with valid names at every place that has one, and the annotation and the id that lead it
 * to this runtime.
 */
export function sampleOf(
  pkg: Package,
  method: string,
  side: IdPathFact['side'],
  runtime: string,
  random: Random,
): Sample {
  const message = methodFact(method)[side];
  const value = withoutBinary(randomMessage(pkg, message, random));
  const rows = pathsOf(method, side).filter(row => hasPath(pkg, message, row.segments));
  const owner = rows.find(row => ['pod', 'container', 'image'].includes(row.kind));
  if (side === 'request' && byAnnotation.includes(method)) target(value, runtime);
  else if (side === 'request' && owner !== undefined) put(value, owner.segments, 'owner');
  const name = (from: string): Message => {
    const named = structuredClone(value);
    for (const row of rows) fill(named, row.segments, clientName(row.kind, from, ownNames[row.kind]));
    return complete(pkg, message, named);
  };
  return { own: name(''), client: name(runtime) };
}

function target(value: Message, runtime: string): void {
  value['config'] ??= {};
  if (runtime === '') return;
  const { annotations, metadata } = value['config'];
  // A pod stays on its runtime, so a sample for another runtime is another pod.
  const uid = `${metadata?.uid}-${runtime}`;
  Object.assign(value['config'], {
    annotations: { ...annotations, [TARGET_RUNTIME]: runtime },
    metadata: { ...metadata, uid },
  });
}

/** Whether the package has every field on a path. */
function hasPath(pkg: Package, message: string, [segment, ...rest]: readonly PathSegment[]): boolean {
  const field = fields
    .get(pkg)!
    .get(message)
    ?.find(each => each.number === segment!.number);
  if (field === undefined) return false;
  return rest.length === 0 || hasPath(pkg, field.type, rest);
}

/** Sets the leaf in every message on its path that exists. */
function fill(message: Message, [segment, ...rest]: readonly PathSegment[], name: string): void {
  const field = segment!.name;
  if (rest.length === 0) message[field] = segment!.repeated ? [name, `${name}`] : name;
  else for (const inner of [message[field] ?? []].flat()) fill(inner, rest, name);
}

/** Adds the empty arrays of repeated fields, which a decoded message has and `put` does not make. */
function complete(pkg: Package, message: string, value: Message): Message {
  for (const field of fields.get(pkg)!.get(message) ?? []) {
    if (field.repeated) value[field.name] ??= [];
    for (const inner of [value[field.name] ?? []].flat()) {
      if (typeof inner === 'object' && !Buffer.isBuffer(inner)) complete(pkg, field.type, inner as Message);
    }
  }
  return value;
}
