import { isPodSandboxStatus } from './event-sandbox.ts';
import { lenField, readAllBytes, readBytes, readEnum, readString, varint64Field, varintField } from './listing.ts';
import { advanceContainer, CONTAINER_EXITED, CONTAINER_RUNNING, stopSandbox } from './state-records.ts';

/** ContainerEventType. */
export const EventType = { Created: 0, Started: 1, Stopped: 2, Deleted: 3 } as const;

/** One step in the life of a container or pod sandbox. */
export interface LifeStep {
  readonly id: string;
  readonly type: number;
}

const READY = 0;
const RUNNING = 1;
const EXITED = 2;

/** What has happened to pod sandboxes between two lists, by id: the state, field 3, is READY (0) or NOTREADY. */
export function sandboxSteps(before: ReadonlyMap<string, Buffer>, after: ReadonlyMap<string, Buffer>): LifeStep[] {
  return steps(before, after, item => (readEnum(item, 3) === READY ? RUNNING : EXITED));
}

/** What has happened to containers between two lists, by id: the state, field 6, is a ContainerState. */
export function containerSteps(before: ReadonlyMap<string, Buffer>, after: ReadonlyMap<string, Buffer>): LifeStep[] {
  return steps(before, after, item => readEnum(item, 6));
}

function steps(
  before: ReadonlyMap<string, Buffer>,
  after: ReadonlyMap<string, Buffer>,
  stateOf: (item: Buffer) => number,
): LifeStep[] {
  const found: LifeStep[] = [];
  for (const [id, item] of after) {
    const old = before.get(id);
    const [was, is] = [old === undefined ? -1 : stateOf(old), stateOf(item)];
    if (was < 0) found.push({ id, type: EventType.Created });
    if (was < RUNNING && is === RUNNING) found.push({ id, type: EventType.Started });
    if (was < EXITED && is === EXITED) found.push({ id, type: EventType.Stopped });
  }
  for (const id of before.keys()) if (!after.has(id)) found.push({ id, type: EventType.Deleted });
  return found;
}

/** A ContainerEventResponse. `now`: ms since the epoch; the statuses are PodSandboxStatus and ContainerStatus messages. */
export function containerEvent(
  step: LifeStep,
  now: number,
  pod: Buffer | undefined,
  containers: readonly Buffer[],
): Buffer {
  return Buffer.concat([
    lenField(1, step.id),
    varintField(2, step.type),
    varint64Field(3, BigInt(Math.round(now)) * 1_000_000n),
    ...(pod === undefined ? [] : [lenField(4, pod)]),
    ...containers.map(status => lenField(5, status)),
  ]);
}

/** A step that a ContainerEventResponse tells, and the PodSandboxStatus in it; undefined if there is none. */
export function readEvent(event: Buffer): LifeStep & { readonly pod: Buffer | undefined } {
  const pod = readBytes(event, 4);
  const isStatus = pod !== undefined && isPodSandboxStatus(pod, 0, pod.length);
  return { id: readString(event, 1), type: readEnum(event, 2), pod: isStatus ? pod : undefined };
}

/** A PodSandbox after a step. */
export function stepSandbox(sandbox: Buffer, type: number): Buffer {
  return type === EventType.Stopped ? stopSandbox(sandbox) : sandbox;
}

/** A Container after a step. */
export function stepContainer(container: Buffer, type: number): Buffer {
  if (type === EventType.Started) return advanceContainer(container, CONTAINER_RUNNING);
  return type === EventType.Stopped ? advanceContainer(container, CONTAINER_EXITED) : container;
}

/** Fields that PodSandbox and PodSandboxStatus have both: id, metadata, labels, annotations, runtime handler. */
const shared = [
  [1, 1],
  [2, 2],
  [5, 7],
  [6, 8],
  [7, 9],
] as const;

/** The PodSandboxStatus that can be made of a PodSandbox alone: for one that is gone. */
export function statusOfSandbox(sandbox: Buffer): Buffer {
  const parts = shared.flatMap(([from, to]) => readAllBytes(sandbox, from).map(content => lenField(to, content)));
  return Buffer.concat([...parts, varintField(3, 1)]);
}

/** The PodSandbox, READY, that a PodSandboxStatus is of. */
export function sandboxOfStatus(status: Buffer): Buffer {
  return Buffer.concat(
    shared.flatMap(([to, from]) => readAllBytes(status, from).map(content => lenField(to, content))),
  );
}

/** A Container of which only its id and its pod's are known. */
export function bareContainer(id: string, pod: string): Buffer {
  return Buffer.concat([lenField(1, id), lenField(2, pod)]);
}

/** The `status` of a PodSandboxStatusResponse or a ContainerStatusResponse; undefined if it has none. */
export function statusIn(response: Buffer): Buffer | undefined {
  return readBytes(response, 1);
}

/** A PodSandboxStatusRequest or a ContainerStatusRequest. */
export function statusRequest(id: string): Buffer {
  return lenField(1, id);
}
