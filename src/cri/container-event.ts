import { lenField, readAllBytes, readBytes, readEnum, varint64Field, varintField } from './listing.ts';

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
export function containerEvent(step: LifeStep, now: number, pod: Buffer, containers: readonly Buffer[]): Buffer {
  return Buffer.concat([
    lenField(1, step.id),
    varintField(2, step.type),
    varint64Field(3, BigInt(Math.round(now)) * 1_000_000n),
    lenField(4, pod),
    ...containers.map(status => lenField(5, status)),
  ]);
}

/** The PodSandboxStatus that can be made of a PodSandbox alone: for one that is gone. */
export function statusOfSandbox(sandbox: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (const [from, to] of [
    [1, 1],
    [2, 2],
    [5, 7],
    [6, 8],
    [7, 9],
  ] as const) {
    for (const content of readAllBytes(sandbox, from)) parts.push(lenField(to, content));
  }
  return Buffer.concat([...parts, varintField(3, 1)]);
}

/** The `status` of a PodSandboxStatusResponse or a ContainerStatusResponse; undefined if it has none. */
export function statusIn(response: Buffer): Buffer | undefined {
  return readBytes(response, 1);
}

/** A PodSandboxStatusRequest or a ContainerStatusRequest. */
export function statusRequest(id: string): Buffer {
  return lenField(1, id);
}
