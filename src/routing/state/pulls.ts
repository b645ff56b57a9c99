import type { Reply } from '../../base/call.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import { isSameName } from '../../cri/read/filter.ts';
import type { Listing } from '../asking/kept-list.ts';
import { isDigest } from '../port/names.ts';

/** How many names are kept, and the longest name that is kept; registries have names of 255 characters. */
const MOST = 1_000;
const LONGEST = 4_096;

/** The pulls of one runtime whose outcome may not be in its list of images yet. */
export class Pulls {
  private readonly images: Listing;
  /** The end of the last pull of each name, in ms since the epoch; the key undefined stands for all names beyond the bound. */
  private readonly ended = new Map<string | undefined, number>();

  constructor(images: Listing) {
    this.images = images;
  }

  /** Follows a pull of an image with this name to its end. */
  async follow(image: string, call: Promise<Reply>): Promise<Reply> {
    this.forgetListed();
    const name = this.ended.has(image) || (this.ended.size < MOST && image.length <= LONGEST) ? image : undefined;
    this.ended.set(name, Number.POSITIVE_INFINITY);
    try {
      return await call;
    } finally {
      this.ended.set(name, steadyNow());
    }
  }

  /** Whether the runtime may have the image from a pull that its list does not show yet. An id may be of any image. */
  mayHaveBrought(image: string): boolean {
    this.forgetListed();
    for (const name of this.ended.keys())
      if (name === undefined || isDigest(image) || isSameName(name, image)) return true;
    return false;
  }

  private forgetListed(): void {
    const listedAt = this.images.takenAt ?? 0;
    for (const [name, at] of this.ended) if (at < listedAt) this.ended.delete(name);
  }
}
