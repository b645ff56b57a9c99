import { statfs } from 'node:fs/promises';

/** The share of a filesystem that is not available, 0 to 1, as the kubelet reckons it: capacity without the available part. */
export async function usedShare(mountpoint: string): Promise<number> {
  const { blocks, bavail } = await statfs(mountpoint);
  if (blocks === 0) throw new Error(`${mountpoint} is no filesystem with a size`);
  return 1 - bavail / blocks;
}
