import type { Edit } from '../../wire/splice.ts';
import { decodeVarint } from '../../wire/varint.ts';
import type { Since } from '../tables/methods.ts';
import type { Rewrites } from './rewrite.ts';

/** The CRI API packages, best first. `runtime` is that of Kubernetes 1.9 and earlier. */
export const packages = ['runtime.v1', 'runtime.v1alpha2', 'runtime'] as const;

export type Package = (typeof packages)[number];

/** Whether a package has a method that came with `since`. */
export function hasMethod(of: Package, since: Since): boolean {
  return packages.indexOf(of) <= packages.indexOf(since);
}

/** Rows of messages that differ in a package from `runtime.v1`, for displaying them. */
export const overrides: Readonly<Partial<Record<Package, Readonly<Record<string, string>>>>> = {
  runtime: {
    NamespaceOption: 'host_network=1:bool host_pid=2:bool host_ipc=3:bool',
    FilesystemUsage:
      'timestamp=1:int64 storage_id=2:StorageIdentifier used_bytes=3:UInt64Value inodes_used=4:UInt64Value',
    StorageIdentifier: 'uuid=1:string',
  },
};

const NODE = 2;
const oneByte = [Buffer.from([0]), Buffer.from([1]), Buffer.from([2])] as const;

/** NamespaceMode NODE is true, everything else false. */
function modeToBool(bytes: Buffer, start: number, end: number, edit: Edit): void {
  edit.replace(start, end, oneByte[decodeVarint(bytes, start, end) === BigInt(NODE) ? 1 : 0]);
}

/** true is NamespaceMode NODE, false POD. */
function boolToMode(bytes: Buffer, start: number, end: number, edit: Edit): void {
  edit.replace(start, end, oneByte[decodeVarint(bytes, start, end) === 0n ? 0 : NODE]);
}

/** StorageIdentifier and FilesystemIdentifier say different things: neither can be made from the other. */
function dropField(_bytes: Buffer, _start: number, _end: number, edit: Edit): void {
  edit.drop();
}

/** The rewrites of any message between two packages: none, except from or to `runtime`. */
export function translation(from: Package, to: Package): Rewrites {
  if (from === to) return {};
  if (to === 'runtime') return { namespaceMode: modeToBool, filesystemId: dropField };
  if (from === 'runtime') return { namespaceMode: boolToMode, filesystemId: dropField };
  return {};
}
