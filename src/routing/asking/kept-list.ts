import type { Passes } from '../../cri/read/filter.ts';
import { countItems, itemId, itemsById, type KeyOf, listOf } from '../../cri/read/listing.ts';

const nothing: Buffer = Buffer.alloc(0);

/** How many changes are kept for a question under way. With more changes its answer cannot be used for the list. */
const MOST_CHANGES = 1_000;

type Items = Map<string, Buffer>;

/**
 * A change that a call has made in a runtime, to be made in its list too; returns the ids of the changed and removed items. Must be
 * idempotent.
 */
export type Change = (items: Items) => readonly string[];

/** A question under way: changes that became known since it was asked must outlive its answer. */
export interface Question {
  readonly number: number;
  readonly changesBefore: number;
}

/**
 * The last good list of one kind from one runtime, in the runtime's own names, kept as the received bytes and indexed by id only
 * when a change or a failure needs the index. A change during a question under way is made again in its answer, which the runtime may
 * have put together before the change.
 */
export class Listing {
  /** The time of the list's question, in ms since the epoch; undefined without a list. */
  takenAt: number | undefined;
  /** Ids of items that changed or went since the last write to the disk; undefined without a writer. */
  private unwritten: Set<string> | undefined;
  /** The list as it was before answers whose changes are not in `unwritten` yet; compared once, when somebody writes. */
  private before: { readonly bytes: Buffer; readonly items: Items | undefined } | undefined;
  private bytes: Buffer = nothing;
  /** Whether `bytes` may be returned again for an equal answer. */
  private current = false;
  private items: Items | undefined;
  /** Whether `items` has changes that `bytes` has not. */
  private changed = false;
  private asked = 0;
  private answered = 0;
  private readonly underWay = new Set<Question>();
  /** The last changes that a question under way may have missed; `forgotten` more came before. */
  private changes: Change[] = [];
  private forgotten = 0;
  private readonly onNews: () => void;
  private readonly keyOf: KeyOf;

  /**
   * `onNews` is called with each answer that is not the last one again, and when more than the list is known of its items. `keyOf`: the
   * key that an item has in `index`, and that stands for its id there and in changes.
   */
  constructor(onNews: () => void = () => {}, keyOf: KeyOf = itemId) {
    this.onNews = onNews;
    this.keyOf = keyOf;
  }

  /** To be called before the runtime is asked for the whole list, with `answer` or `giveUp` at the end. */
  ask(): Question {
    const question = { number: ++this.asked, changesBefore: this.forgotten + this.changes.length };
    this.underWay.add(question);
    return question;
  }

  /** The last answer, as it came; undefined if there is none, or if it is not to be given again. */
  get lastAnswer(): Buffer | undefined {
    return this.current ? this.bytes : undefined;
  }

  /**
   * The Buffer of the last answer if this answer, to the whole list, has the same bytes. The last answer was checked, and all results
   * made from its Buffer can be used again: most of the time nothing changes on a node.
   */
  sameAnswer(list: Buffer): Buffer | undefined {
    return this.current && this.bytes.equals(list) ? this.bytes : undefined;
  }

  /** Results made from the last answer are out of date, even for an equal answer. */
  renew(): void {
    this.current = false;
    this.onNews();
  }

  /** `list` is a checked answer. It is dropped if it is older than the last answer, or than forgotten changes. */
  answer(question: Question, list: Buffer, askedAt: number): void {
    const missedBefore = this.forgotten;
    const missed = this.changes.slice(Math.max(0, question.changesBefore - missedBefore));
    this.giveUp(question);
    if (question.number < this.answered || question.changesBefore < missedBefore) return;
    this.answered = question.number;
    if (list === this.bytes && !this.changed && missed.length === 0) {
      this.takenAt = askedAt;
      return;
    }
    this.set(list, askedAt);
    this.current = true;
    this.changed = missed.length > 0;
    for (const change of missed) this.make(change);
    this.onNews();
  }

  giveUp(question: Question): void {
    this.underWay.delete(question);
    const [oldest] = this.underWay;
    const needed = oldest?.changesBefore ?? this.forgotten + this.changes.length;
    this.forget(needed - this.forgotten);
  }

  /** Drops so many of the oldest changes. */
  private forget(count: number): void {
    if (count <= 0) return;
    this.changes.splice(0, count);
    this.forgotten += count;
  }

  change(change: Change): void {
    if (this.underWay.size > 0) this.changes.push(change);
    this.forget(this.changes.length - MOST_CHANGES);
    if (this.takenAt === undefined) return;
    this.changed = true;
    this.make(change);
  }

  private make(change: Change): void {
    for (const id of change(this.index())) this.unwritten?.add(id);
  }

  /** Takes a list from another source. */
  set(list: Buffer, takenAt: number): void {
    if (this.unwritten !== undefined) this.before ??= { bytes: this.bytes, items: this.items };
    this.bytes = list;
    this.current = false;
    this.items = undefined;
    this.changed = false;
    this.takenAt = takenAt;
  }

  private compare(): void {
    const { before, unwritten } = this;
    if (before === undefined || unwritten === undefined) return;
    this.before = undefined;
    const then = before.items ?? itemsById(before.bytes, this.keyOf);
    const now = this.index();
    for (const [id, item] of now) if (then.get(id)?.equals(item) !== true) unwritten.add(id);
    for (const id of then.keys()) if (!now.has(id)) unwritten.add(id);
  }

  /** Drops the list. */
  clear(): void {
    this.set(nothing, 0);
    this.takenAt = undefined;
    this.changes = [];
    this.forgotten = 0;
    this.underWay.clear();
    this.answered = this.asked + 1;
  }

  /** The ids of items that changed or went since the last call; from the first call on they are noted. */
  takeUnwritten(): ReadonlySet<string> {
    this.compare();
    const ids = this.unwritten ?? new Set();
    this.unwritten = new Set();
    return ids;
  }

  /** Whether `takeUnwritten` would return any id. */
  get isWritten(): boolean {
    this.compare();
    return this.unwritten !== undefined && this.unwritten.size === 0;
  }

  /** The items that pass, as a list's answer. */
  list(passes: Passes): Buffer {
    return listOf([...this.index().values()].filter(passes));
  }

  /** The number of items, counted without an index, which would be kept. */
  get size(): number {
    return this.items?.size ?? countItems(this.bytes);
  }

  /** Whether an item has this id. */
  hasId(id: string): boolean {
    const items = this.index();
    return items.has(id) || (this.keyOf !== itemId && [...items.values()].some(item => itemId(item) === id));
  }

  /** Items by key. This is the list itself: it must be neither changed nor kept for long. */
  index(): Items {
    this.items ??= itemsById(this.bytes, this.keyOf);
    return this.items;
  }
}
