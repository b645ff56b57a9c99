import { readAllBytes, readBytes, readEnum, readString } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { isPodSandboxStatus } from '../translate/event-sandbox.ts';
import { podNameOf, podNameOfConfig } from './item-names.ts';
import { itemId } from './listing.ts';
import { sampled } from './samples.ts';
import { sandboxOf } from './state-records.ts';

/** A pod or container by its id. */
export interface Subject {
  readonly kind: 'pod' | 'container';
  readonly id: string;
}

/** The pod or container that an item of this list belongs to; undefined for a list of neither. Throws a WireError. */
export function subjectOfItem(list: string, item: Buffer): Subject | undefined {
  if (list === 'ListPodSandbox') return { kind: 'pod', id: itemId(item) };
  if (list === 'ListContainers') return { kind: 'pod', id: sandboxOf(item) };
  return sampled(list, item);
}

/** The subjects of all items of a list's answer. Throws a WireError. */
export function subjectsOf(list: string, answer: Buffer): Subject[] {
  return readAllBytes(answer, 1).flatMap(item => subjectOfItem(list, item) ?? []);
}

/**
 * The answer of a list with these items of it alone: a field beside the items could be of any item. The same Buffer if nothing is left
 * out. Throws a WireError.
 */
export function keepItems(list: Buffer, keep: (item: Buffer) => boolean): Buffer {
  const parts: Buffer[] = [];
  const records = new Records(list);
  let dropped = false;
  while (records.next()) {
    const isItem = records.field === 1 && records.type === WireType.Len;
    if (isItem && keep(list.subarray(records.valueStart, records.valueEnd)))
      parts.push(list.subarray(records.start, records.valueEnd));
    else dropped = true;
  }
  return dropped ? Buffer.concat(parts) : list;
}

/** Where a request has a PodSandboxConfig. */
const configs: Readonly<Record<string, number>> = {
  RunPodSandbox: 1,
  RestorePod: 2,
  CreateContainer: 3,
  PullImage: 3,
};

/** The namespace of the PodSandboxConfig in a request; empty if it has none, undefined without one. Throws a WireError. */
export function namespaceAsked(method: string, request: Buffer): string | undefined {
  const field = configs[method];
  const config = field === undefined ? undefined : readBytes(request, field);
  return config && podNameOfConfig(config).namespace;
}

/** CONTAINER_DELETED_EVENT. */
const DELETED = 3;

/** The pod and the container of a ContainerEventResponse. */
export interface EventSubject {
  /** Of a container, or of the pod sandbox itself. */
  readonly id: string;
  /** Empty where the event has no pod status. */
  readonly pod: string;
  readonly namespace: string;
  readonly isDeleted: boolean;
}

/** Throws a WireError. Up to Kubernetes 1.25 the status was a PodSandboxMetadata, which has the namespace (3) and no id. */
export function subjectOfEvent(event: Buffer): EventSubject {
  const status = readBytes(event, 4);
  const isDeleted = readEnum(event, 2) === DELETED;
  const id = readString(event, 1);
  if (status === undefined) return { id, pod: '', namespace: '', isDeleted };
  if (!isPodSandboxStatus(status, 0, status.length)) {
    return { id, pod: '', namespace: readString(status, 3), isDeleted };
  }
  return { id, pod: itemId(status), namespace: podNameOf(status).namespace, isDeleted };
}
