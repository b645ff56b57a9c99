import { readAllBytes, readBytes, readEnum, readMapEntry, readString } from '../../wire/fields.ts';
import { SANDBOX_READY } from './state-records.ts';

/**
 * The annotation by which the kubelet says when it first saw a pod, to the nanosecond (pkg/kubelet/types,
 * ConfigFirstSeenAnnotationKey). It is in the pod sandbox and in the image calls of the same pod, which have no uid.
 */
export const FIRST_SEEN = 'kubernetes.io/config.seen';

const ANNOTATIONS = 6;

/** The marks of a pod in a call; empty where the call has none. */
export interface PodIdentity {
  readonly uid: string;
  /** The value of FIRST_SEEN. */
  readonly firstSeen: string;
}

/** Whether a PodSandbox is one of this pod's. */
export function isSandboxOf(sandbox: Buffer, { uid, firstSeen }: PodIdentity): boolean {
  if (uid !== '') return readString(readBytes(sandbox, 2) ?? Buffer.alloc(0), 2) === uid;
  if (firstSeen === '') return false;
  return readAllBytes(sandbox, ANNOTATIONS).some(bytes => {
    const { key, value } = readMapEntry(bytes, 0, bytes.length);
    return key === FIRST_SEEN && value === firstSeen;
  });
}

/** Whether a PodSandbox is ready. */
export function isReady(sandbox: Buffer): boolean {
  return readEnum(sandbox, 3) === SANDBOX_READY;
}

/** PodSandbox.runtime_handler. */
export function handlerOfPod(sandbox: Buffer): string {
  return readString(sandbox, 7);
}
