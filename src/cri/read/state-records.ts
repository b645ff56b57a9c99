import {
  lenField,
  readAllBytes,
  readBytes,
  readEnum,
  readString,
  varint64Field,
  varintField,
  withEnum,
} from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { decodeVarint } from '../../wire/varint.ts';

/** PodSandboxState and ContainerState, as far as they are set here. */
export const SANDBOX_READY = 0;
const SANDBOX_NOTREADY = 1;
export const CONTAINER_RUNNING = 1;
export const CONTAINER_EXITED = 2;
const CONTAINER_UNKNOWN = 3;

const SANDBOX_STATE = 3;
const CONTAINER_STATE = 6;

/** A PodSandbox that is to be no longer ready. */
export function stopSandbox(sandbox: Buffer): Buffer {
  return withEnum(sandbox, SANDBOX_STATE, SANDBOX_NOTREADY);
}

/**
 * A Container in this state or, since states only go forward, the later one that it is in. One that is UNKNOWN may run, and
 * is known to have exited when it has been stopped.
 */
export function advanceContainer(container: Buffer, state: number): Buffer {
  const now = readEnum(container, CONTAINER_STATE);
  const isLater = now === CONTAINER_UNKNOWN ? state !== CONTAINER_EXITED : now >= state;
  return isLater ? container : withEnum(container, CONTAINER_STATE, state);
}

/** Container.pod_sandbox_id. */
export function sandboxOf(container: Buffer): string {
  return readString(container, 2);
}

/** Where a request to make a pod sandbox has its PodSandboxConfig and its runtime handler. */
export const RUN_POD = { config: 1, handler: 2 } as const;
export const RESTORE_POD = { config: 2, handler: 3 } as const;

/** The PodSandbox that a runtime would list for a request that it has answered, with its fields `at`. `now`: ms since the epoch. */
export function sandboxFromRequest(
  request: Buffer,
  id: string,
  now: number,
  at: { readonly config: number; readonly handler: number } = RUN_POD,
): Buffer {
  const config = readBytes(request, at.config) ?? Buffer.alloc(0);
  return Buffer.concat([
    lenField(1, id),
    ...copy(config, 1, 2),
    varintField(SANDBOX_STATE, SANDBOX_READY),
    nanoseconds(4, now),
    ...copyAll(config, 6, 5),
    ...copyAll(config, 7, 6),
    ...copy(request, at.handler, 7),
  ]);
}

/**
 * The Container that a runtime would list for a CreateContainerRequest that it has answered; `pod`: the pod's id in full. Its image ref is the image of
 * the request, which the kubelet takes from Image.id or PullImageResponse.image_ref.
 */
export function containerFromRequest(request: Buffer, id: string, pod: string, now: number): Buffer {
  const config = readBytes(request, 2) ?? Buffer.alloc(0);
  const image = readBytes(config, 2) ?? Buffer.alloc(0);
  const ref = readString(image, 1);
  return Buffer.concat([
    lenField(1, id),
    lenField(2, pod),
    ...copy(config, 1, 3),
    ...copy(config, 2, 4),
    lenField(5, ref),
    nanoseconds(7, now),
    ...copyAll(config, 9, 8),
    ...copyAll(config, 10, 9),
    lenField(10, ref),
  ]);
}

function copy(from: Buffer, field: number, as: number): Buffer[] {
  const content = readBytes(from, field);
  return content === undefined ? [] : [lenField(as, content)];
}

function copyAll(from: Buffer, field: number, as: number): Buffer[] {
  return readAllBytes(from, field).map(content => lenField(as, content));
}

/** PodSandbox.created_at, in ms since the epoch; undefined if it is not set. */
export function podCreatedAt(sandbox: Buffer): number | undefined {
  const records = new Records(sandbox);
  let found: number | undefined;
  while (records.next()) {
    if (records.field !== 4 || records.type !== WireType.Varint) continue;
    found = Number(decodeVarint(sandbox, records.valueStart, records.valueEnd) / 1_000_000n);
  }
  return found;
}

/** A timestamp of CRI: nanoseconds since the epoch. */
function nanoseconds(field: number, now: number): Buffer {
  return varint64Field(field, BigInt(Math.round(now * 1000)) * 1000n);
}
