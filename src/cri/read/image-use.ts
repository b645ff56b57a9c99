import { readBytes, readString } from '../../wire/fields.ts';
import { isImage } from './filter.ts';

const nothing = Buffer.alloc(0);

/**
 * Whether a Container uses an Image of the same runtime: by its image_id (10), else its image_ref (5), else the image (1) of its
 * ImageSpec (4). The first that is there counts, as for the kubelet (kuberuntime, toKubeContainer): a tag may mean another by now.
 */
export function isUsedBy(image: Buffer, container: Buffer): boolean {
  const used = imageUsed(container);
  return used !== '' && isImage(image, used);
}

/** The id, ref or name by which a Container uses its image. */
function imageUsed(container: Buffer): string {
  return readString(container, 10) || readString(container, 5) || readString(readBytes(container, 4) ?? nothing, 1);
}

/** Decides whether an Image is used by one of these Containers. Each name is looked for once, since most of them are ids. */
export function usedBy(containers: Iterable<Buffer>): (image: Buffer) => boolean {
  const names = new Set<string>();
  for (const container of containers) names.add(imageUsed(container));
  names.delete('');
  const used = [...names];
  return image => names.has(readString(image, 1)) || used.some(name => isImage(image, name));
}
