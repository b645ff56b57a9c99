import { imageNames } from '../cri/image-list.ts';
import type { Listing } from './listing.ts';

/** From how many remembered ids on those of what is gone are looked for. */
const MANY = 200;

/**
 * The containers and images of one runtime that clients have named with the runtime's prefix, by the runtime's own ids. A runtime
 * stores a name without the prefix, so that this is all that is to be remembered: nothing where nobody uses prefixes.
 */
export class PrefixUse {
  /** Containers whose image was named so when they were made. */
  readonly containers = new Set<string>();
  /** Ids, or refs, of images that were named so when they were last pulled or asked for. */
  readonly images = new Set<string>();

  noteContainer(id: string, isPrefixed: boolean, listing: Listing): void {
    note(this.containers, id, isPrefixed, listing, known => listing.index().has(known));
  }

  noteImage(ref: string, isPrefixed: boolean, listing: Listing): void {
    note(this.images, ref, isPrefixed, listing, known =>
      [...listing.index().values()].some(item => goesBy(item, known)),
    );
  }

  /** Whether an Image was named with the prefix. */
  hasImage(image: Buffer): boolean {
    return this.images.size > 0 && imageNames(image).some(name => this.images.has(name));
  }
}

function goesBy(image: Buffer, ref: string): boolean {
  return imageNames(image).includes(ref);
}

function note(
  set: Set<string>,
  id: string,
  isPrefixed: boolean,
  listing: Listing,
  isThere: (id: string) => boolean,
): void {
  if (id === '' || set.has(id) === isPrefixed) return;
  if (isPrefixed) {
    if (set.size >= MANY && listing.takenAt !== undefined && set.size > 2 * listing.size) {
      for (const known of [...set]) if (!isThere(known)) set.delete(known);
    }
    set.add(id);
  } else set.delete(id);
  listing.renew();
}
