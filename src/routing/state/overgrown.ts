import type { Listing } from '../asking/kept-list.ts';

/** A table of this size costs nothing. */
const SMALL = 200;

/**
 * Whether a table by a runtime's items must lose the entries whose items are gone: it has far more entries than the runtime has items.
 * Until then these entries do no harm, and a search for them at each change would cost more.
 */
export function isOvergrown(size: number, listing: Listing): boolean {
  return size >= SMALL && listing.takenAt !== undefined && size > 2 * listing.size;
}
