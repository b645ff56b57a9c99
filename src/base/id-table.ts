/** A power of two, as every later length is. */
const firstLength = 16;

/** Different in each process, so that a peer cannot choose ids that share one home, and make each look-up a long search. */
const seed = Math.floor(Math.random() * 0x100000000);

/** A number of 32 bits that is as good as random for each id (the finalizer of MurmurHash3). */
function hash(id: number): number {
  let mixed = id ^ seed;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * A table of open streams or calls by ascending ids. Items come and go by the thousand, and a Map or a Set would grow a new table
 * each time. In V8 each table can be reached from the one before it: a single table that has become old keeps all later ones, with
 * their items, until a full collection.
 */
export class IdTable<T extends { readonly id: number }> {
  size = 0;
  /** Open addressing: an item is at its home or in the first free slot behind it. At most half full. */
  private slots: (T | undefined)[] = emptySlots(firstLength);

  get(id: number): T | undefined {
    return this.slots[this.find(id)];
  }

  /** Neither `item` nor another item with its id may be in the table. The id must not change while the item is in it. */
  add(item: T): void {
    if (2 * (this.size + 1) > this.slots.length) this.grow();
    this.slots[this.find(item.id)] = item;
    this.size++;
  }

  /** Whether there was such an item. */
  delete(id: number): boolean {
    const { slots } = this;
    const mask = slots.length - 1;
    let free = this.find(id);
    if (slots[free] === undefined) return false;
    this.size--;
    // An item that was pushed beyond the freed slot moves up, so that a search for it does not stop at the slot.
    for (let at = (free + 1) & mask; slots[at] !== undefined; at = (at + 1) & mask) {
      if (((at - hash(slots[at]!.id)) & mask) < ((at - free) & mask)) continue;
      slots[free] = slots[at];
      free = at;
    }
    slots[free] = undefined;
    return true;
  }

  clear(): void {
    this.slots = emptySlots(firstLength);
    this.size = 0;
  }

  /** The items in the table, in the order of their ids. */
  all(): T[] {
    return this.slots.filter(item => item !== undefined).sort((a, b) => a.id - b.id);
  }

  /** The slot of the item with this id, or the free one where it belongs. An id's home is its hash, modulo the length. */
  private find(id: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let at = hash(id) & mask;
    for (let item = slots[at]; item !== undefined && item.id !== id; item = slots[at]) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const items = this.slots;
    this.slots = emptySlots(2 * items.length);
    for (const item of items) if (item !== undefined) this.slots[this.find(item.id)] = item;
  }
}

function emptySlots(length: number): undefined[] {
  return new Array<undefined>(length).fill(undefined);
}
