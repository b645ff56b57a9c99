/**
 * The place of a pod between 0 and 1 for shares on a runtime: the same for the same uid and runtime, and even over uids. A share that
 * grows keeps the pods that it has. FNV-1a (32 bits), with the finalizer of MurmurHash3, since uids differ in few bits.
 */
export function shareOf(uid: string, runtime: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${uid} ${runtime}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
