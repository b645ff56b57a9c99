import { lenField, readAllBytes, readBytes, readMap, readString } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { listOf } from './listing.ts';
import { sandboxOf } from './state-records.ts';

/** The pods and containers that a runtime lists, by id; undefined where that is not known. */
export interface Listed {
  readonly pods: ReadonlyMap<string, Buffer> | undefined;
  readonly containers: ReadonlyMap<string, Buffer> | undefined;
}

/** How the samples of a list are read: the owner's id in an item, and the place of its containers' samples. */
interface Shape {
  readonly of: 'pod' | 'container';
  readonly id: (item: Buffer) => string;
  /** The fields that lead to the containers' samples in a pod's, and the id of one. */
  readonly nested?: { readonly path: readonly number[]; readonly id: (item: Buffer) => string };
}

const empty: Buffer = Buffer.alloc(0);
const attributes = (item: Buffer) => readBytes(item, 1) ?? empty;
const attributesId = (item: Buffer) => readString(attributes(item), 1);
const ownId = (item: Buffer) => readString(item, 1);

const shapes: Readonly<Record<string, Shape>> = {
  ListContainerStats: { of: 'container', id: attributesId },
  ListPodSandboxStats: { of: 'pod', id: attributesId, nested: { path: [2, 5], id: attributesId } },
  ListPodSandboxMetrics: { of: 'pod', id: ownId, nested: { path: [3], id: ownId } },
};

/**
 * The samples of pods and containers that are still listed and that the request asks for, as the runtimes filter them
 * (ContainerStatsFilter, PodSandboxStatsFilter). Other answers as they are. Throws a WireError.
 */
export function keepSamples(method: string, answer: Buffer, request: Buffer, listed: Listed): Buffer {
  const shape = shapes[method];
  if (shape === undefined) return answer;
  const filter = readBytes(request, 1) ?? empty;
  const items = readAllBytes(answer, 1).filter(item => {
    const id = shape.id(item);
    return isListed(shape.of, id, listed) && passes(shape, filter, item, id, listed);
  });
  const { nested } = shape;
  if (nested === undefined) return listOf(items);
  const keep = (item: Buffer) => isListed('container', nested.id(item), listed);
  return listOf(items.map(item => keepInside(item, nested.path, keep)));
}

/** Whose the samples in an item of this list are: the pod or container with this id. Undefined for a list of anything else. */
export function sampled(method: string, item: Buffer): { readonly kind: Shape['of']; readonly id: string } | undefined {
  const shape = shapes[method];
  return shape && { kind: shape.of, id: shape.id(item) };
}

function isListed(of: Shape['of'], id: string, { pods, containers }: Listed): boolean {
  return (of === 'pod' ? pods : containers)?.has(id) ?? true;
}

function passes(shape: Shape, filter: Buffer, item: Buffer, id: string, { containers }: Listed): boolean {
  if (!id.startsWith(readString(filter, 1))) return false;
  const pod = shape.of === 'container' ? readString(filter, 2) : '';
  const container = containers?.get(id);
  if (pod !== '' && (container === undefined || !sandboxOf(container).startsWith(pod))) return false;
  const selector = readMap(filter, shape.of === 'container' ? 3 : 2);
  if (selector.size === 0) return true;
  const labels = readMap(attributes(item), 3);
  return [...selector].every(([key, value]) => labels.get(key) === value);
}

/** A ListPodSandboxMetricsResponse without the metrics of these names, of pods and of containers. Throws a WireError. */
export function withoutMetrics(answer: Buffer, names: ReadonlySet<string>): Buffer {
  const keep = (metric: Buffer) => !names.has(ownId(metric));
  return listOf(readAllBytes(answer, 1).map(pod => keepInside(keepInside(pod, [2], keep), [3, 2], keep)));
}

/**
 * The names of descriptors in a ListMetricDescriptorsResponse that others have too, with other label keys. A metric has the values
 * of its labels in the order of the keys, and no keys. Throws a WireError.
 */
export function otherLabels(descriptors: Buffer, others: readonly Buffer[]): Set<string> {
  const shown = new Map<string, string>();
  for (const descriptor of others.flatMap(each => readAllBytes(each, 1))) {
    if (!shown.has(ownId(descriptor))) shown.set(ownId(descriptor), labelsOf(descriptor));
  }
  const own = readAllBytes(descriptors, 1);
  const isOther = (each: Buffer) => (shown.get(ownId(each)) ?? labelsOf(each)) !== labelsOf(each);
  return new Set(own.filter(isOther).map(ownId));
}

/** MetricDescriptor.label_keys, which are names of Prometheus. */
function labelsOf(descriptor: Buffer): string {
  return readAllBytes(descriptor, 3).join(' ');
}

/** The message without the items at the end of the path that are not kept. */
function keepInside(message: Buffer, [field, ...rest]: readonly number[], keep: (item: Buffer) => boolean): Buffer {
  const parts: Buffer[] = [];
  const records = new Records(message);
  while (records.next()) {
    const record = message.subarray(records.start, records.valueEnd);
    if (records.field !== field || records.type !== WireType.Len) {
      parts.push(record);
      continue;
    }
    const inner = message.subarray(records.valueStart, records.valueEnd);
    if (rest.length > 0) parts.push(lenField(field, keepInside(inner, rest, keep)));
    else if (keep(inner)) parts.push(record);
  }
  return Buffer.concat(parts);
}
