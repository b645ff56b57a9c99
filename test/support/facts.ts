import { readFileSync } from 'node:fs';

/** The CRI API packages, oldest first. */
export const packages = ['runtime', 'runtime.v1alpha2', 'runtime.v1'] as const;
export type Package = (typeof packages)[number];

export interface MethodFact {
  readonly service: 'RuntimeService' | 'ImageService';
  readonly method: string;
  readonly request: string;
  readonly response: string;
  readonly serverStream: boolean;
  readonly packages: readonly Package[];
}

export interface FieldFact {
  readonly number: number;
  readonly name: string;
  /** A scalar, the name of a message or an enum, or `map<string,string>`; without the word `repeated`. */
  readonly type: string;
  readonly repeated: boolean;
}

export interface PathSegment {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
}

export interface IdPathFact {
  readonly service: string;
  readonly method: string;
  readonly side: 'request' | 'response';
  /** The path in the table's notation: `items(1)[].id(1)`. */
  readonly path: string;
  readonly segments: readonly PathSegment[];
  readonly kind: 'pod' | 'container' | 'image' | 'handler' | 'url';
}

/** The rows of a table below its heading, split at tabs. */
function readTable(name: string): string[][] {
  const text = readFileSync(new URL(`facts/${name}.tsv`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'));
}

function parseSegment(text: string): PathSegment {
  const parts = /^(\w+)\((\d+)\)(\[\])?$/.exec(text);
  if (!parts) throw new Error(`id-paths-v1.tsv: not a path segment: ${text}`);
  return { name: parts[1]!, number: Number(parts[2]), repeated: parts[3] !== undefined };
}

/** The 43 methods, in the order of the table. */
export const methods: readonly MethodFact[] = readTable('methods').map(row => {
  const [service, method, request, response, streams, in19, inV1alpha2] = row as [MethodFact['service'], ...string[]];
  const since: Package[] = ['runtime.v1'];
  if (inV1alpha2 === 'yes') since.unshift('runtime.v1alpha2');
  if (in19 === 'yes') since.unshift('runtime');
  return {
    service,
    method: method!,
    request: request!,
    response: response!,
    serverStream: streams === 'yes',
    packages: since,
  };
});

/** Fields by package, then message. A message without fields is absent. */
export const fields: ReadonlyMap<Package, ReadonlyMap<string, readonly FieldFact[]>> = groupRows(
  readTable('fields'),
  ([, , number, name, type]) => ({
    number: Number(number),
    name: name!,
    type: type!.replace(/^repeated /, ''),
    repeated: type!.startsWith('repeated '),
  }),
);

/** Enum values by package, then enum (`ContainerState`, `SecurityProfile.ProfileType`). */
export const enums: ReadonlyMap<Package, ReadonlyMap<string, readonly { number: number; name: string }[]>> = groupRows(
  readTable('enums'),
  ([, , number, name]) => ({ number: Number(number), name: name! }),
);

/** Every path of `runtime.v1` that holds an id, an image name, a runtime handler or a streaming URL. */
export const idPaths: readonly IdPathFact[] = readTable('id-paths-v1').map(row => {
  const [call, side, path, kind] = row as [string, IdPathFact['side'], string, IdPathFact['kind']];
  const [service, method] = call.split('/') as [string, string];
  return { service, method, side, path, kind, segments: path.split('.').map(parseSegment) };
});

function groupRows<T>(rows: string[][], build: (row: string[]) => T): Map<Package, Map<string, T[]>> {
  const groups = new Map<Package, Map<string, T[]>>(packages.map(name => [name, new Map()]));
  for (const row of rows) {
    const group = groups.get(row[0] as Package)!;
    const list = group.get(row[1]!);
    if (list) list.push(build(row));
    else group.set(row[1]!, [build(row)]);
  }
  return groups;
}

/** The row of a method; throws for a name that the table does not have. */
export function methodFact(method: string): MethodFact {
  const fact = methods.find(row => row.method === method);
  if (!fact) throw new Error(`methods.tsv has no method ${method}`);
  return fact;
}

/** `/runtime.v1.RuntimeService/Version` for the method and package. */
export function methodPath(method: string, pkg: Package): string {
  return `/${pkg}.${methodFact(method).service}/${method}`;
}
