import { Records, WireType } from '../../wire/records.ts';

/**
 * Whether a ContainerEventResponse's field 4 is a PodSandboxStatus. In Kubernetes 1.25 it was a PodSandboxMetadata, whose
 * field 3 is a string (the namespace) where PodSandboxStatus has a varint (the state): its field 1, the pod's name, must not
 * be taken for an id.
 */
export function isPodSandboxStatus(bytes: Buffer, start: number, end: number): boolean {
  const records = new Records(bytes, start, end);
  while (records.next()) if (records.field === 3 && records.type === WireType.Len) return false;
  return true;
}
