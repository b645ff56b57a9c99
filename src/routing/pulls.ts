import type { Reply } from '../base/call.ts';
import { isSameName } from '../cri/filter.ts';
import { isDigest } from './names.ts';

/** The pulls of one runtime whose outcome may be in no list yet. */
export class Pulls {
  /** When the last pull of each name has ended, in ms since the epoch. */
  private readonly ended = new Map<string, number>();

  /** Follows a pull of an image by this name to its end. */
  async follow(image: string, call: Promise<Reply>): Promise<Reply> {
    this.ended.set(image, Number.POSITIVE_INFINITY);
    try {
      return await call;
    } finally {
      this.ended.set(image, Date.now());
    }
  }

  /** Whether the runtime may have the image by a pull that a list of this time does not show. An id may be of any image. */
  mayHaveBrought(image: string, listedAt: number): boolean {
    for (const [name, at] of this.ended) {
      if (at < listedAt) this.ended.delete(name);
      else if (isDigest(image) || isSameName(name, image)) return true;
    }
    return false;
  }
}
