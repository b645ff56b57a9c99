import { readAllBytes, readBytes, readString } from '../../wire/fields.ts';

/** Where the first image filesystem of an ImageFsInfoResponse is mounted, the one that a kubelet uses; empty if not said. */
export function imageMountpoint(response: Buffer): string {
  const filesystem = readAllBytes(response, 1)[0];
  const id = filesystem === undefined ? undefined : readBytes(filesystem, 2);
  return id === undefined ? '' : readString(id, 1);
}
