import { readBytes, readString } from '../../wire/fields.ts';
import { isImage } from './filter.ts';

const nothing = Buffer.alloc(0);

/**
 * Whether a Container uses an Image of the same runtime: by its image_id (10), else its image_ref (5), else the image (1) of its
 * ImageSpec (4). The first that is there counts, as for the kubelet (kuberuntime, toKubeContainer): a tag may mean another by now.
 */
export function isUsedBy(image: Buffer, container: Buffer): boolean {
  const used =
    readString(container, 10) || readString(container, 5) || readString(readBytes(container, 4) ?? nothing, 1);
  return used !== '' && isImage(image, used);
}
