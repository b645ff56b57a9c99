import { imageNames } from '../../cri/read/image-list.ts';
import type { Listing } from '../asking/kept-list.ts';
import { isOvergrown } from './overgrown.ts';

/**
 * The containers and images of one runtime that clients have named with a runtime's prefix, by the runtime's own ids. The runtime
 * itself stores names without the prefix. The tables are empty on a node whose clients use no prefixes.
 */
export class PrefixUse {
  /** The prefix of the image's name at the creation of each container: the runtime may have another prefix by now. */
  readonly containers = new Map<string, string>();
  /** Ids, or refs, of images whose last pull or question used the prefix. */
  readonly images = new Set<string>();

  /** `prefix` is empty for a container whose image was named without one. */
  noteContainer(id: string, prefix: string, listing: Listing): void {
    if (id === '' || prefix === '') return;
    forgetGone(this.containers, listing, known => listing.index().has(known));
    this.containers.set(id, prefix);
    listing.renew();
  }

  noteImage(ref: string, isPrefixed: boolean, listing: Listing): void {
    if (ref === '' || this.images.has(ref) === isPrefixed) return;
    if (isPrefixed) {
      forgetGone(this.images, listing, known => [...listing.index().values()].some(item => goesBy(item, known)));
      this.images.add(ref);
    } else this.images.delete(ref);
    listing.renew();
  }

  /** Whether a container was made with this prefix. */
  hasPrefix(prefix: string): boolean {
    for (const used of this.containers.values()) if (used === prefix) return true;
    return false;
  }

  /** Whether an Image was named with the prefix. */
  hasImage(image: Buffer): boolean {
    return this.images.size > 0 && imageNames(image).some(name => this.images.has(name));
  }
}

function goesBy(image: Buffer, ref: string): boolean {
  return imageNames(image).includes(ref);
}

function forgetGone(
  known: Map<string, unknown> | Set<string>,
  listing: Listing,
  isThere: (id: string) => boolean,
): void {
  if (!isOvergrown(known.size, listing)) return;
  for (const id of [...known.keys()]) if (!isThere(id)) known.delete(id);
}
