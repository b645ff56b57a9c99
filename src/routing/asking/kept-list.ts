import type { Passes } from '../../cri/read/filter.ts';
import { countItems, itemsById, listOf } from '../../cri/read/listing.ts';

const nothing: Buffer = Buffer.alloc(0);

/** How many changes are kept for a question that is under way; its answer is of no use to the list if there are more. */
const MOST_CHANGES = 1_000;

type Items = Map<string, Buffer>;

/**
 * A change that a call has made in a runtime, to be made in its list too; returns the ids of the items that are others now, or gone.
 * Must be the same when made twice.
 */
export type Change = (items: Items) => readonly string[];

/** A question that is under way: what is known to have changed since it was asked must outlive its answer. */
export interface Question {
  readonly number: number;
  readonly changesBefore: number;
}

/**
 * The last good list of one kind from one runtime, in the runtime's own names, kept as the bytes that came and indexed by id
 * only when a change or a failure needs it. A change that was made while a list was under way is made in that list again:
 * the runtime may have put it together before.
 */
export class Listing {
  /** When the list was asked for, in ms since the epoch; undefined: there is none. */
  takenAt: number | undefined;
  /** Ids whose items have changed, or went, since they were written down last; undefined where nobody writes. */
  private unwritten: Set<string> | undefined;
  private bytes: Buffer = nothing;
  /** What `bytes` is may be given again for an answer that is the same. */
  private current = false;
  private items: Items | undefined;
  /** `items` is not what `bytes` says any more. */
  private changed = false;
  private asked = 0;
  private answered = 0;
  private readonly underWay = new Set<Question>();
  /** The last of those that a question under way may have missed; `forgotten` more came before. */
  private changes: Change[] = [];
  private forgotten = 0;

  /** Call before asking the runtime for the whole list, and `answer` or `giveUp` in the end. */
  ask(): Question {
    const question = { number: ++this.asked, changesBefore: this.forgotten + this.changes.length };
    this.underWay.add(question);
    return question;
  }

  /**
   * The Buffer of the last answer if this one, of the whole list, has the same bytes. That was checked, and whatever has been
   * made of that Buffer can be made use of again: most of the time nothing changes on a node.
   */
  sameAnswer(list: Buffer): Buffer | undefined {
    return this.current && this.bytes.equals(list) ? this.bytes : undefined;
  }

  /** What is made of an answer will not be the same any more, even if the answer is. */
  renew(): void {
    this.current = false;
  }

  /** `list` is a checked answer. One that is older than the last, or than changes that are forgotten, is of no use. */
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
  }

  giveUp(question: Question): void {
    this.underWay.delete(question);
    const [oldest] = this.underWay;
    const needed = oldest?.changesBefore ?? this.forgotten + this.changes.length;
    this.forget(needed - this.forgotten);
  }

  /** Of the oldest changes so many, if any. */
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

  /** Puts a list from elsewhere in place. */
  set(list: Buffer, takenAt: number): void {
    const before = this.unwritten && this.index();
    this.bytes = list;
    this.current = false;
    this.items = undefined;
    this.changed = false;
    this.takenAt = takenAt;
    if (before !== undefined) this.compare(before, this.index());
  }

  private compare(before: Items, now: Items): void {
    for (const [id, item] of now) if (before.get(id)?.equals(item) !== true) this.unwritten!.add(id);
    for (const id of before.keys()) if (!now.has(id)) this.unwritten!.add(id);
  }

  /** As if it had never been taken. */
  clear(): void {
    this.set(nothing, 0);
    this.takenAt = undefined;
    this.changes = [];
    this.forgotten = 0;
    this.underWay.clear();
    this.answered = this.asked + 1;
  }

  /** The ids whose items have changed, or went, since the last time that this was asked; from then on they are noted. */
  takeUnwritten(): ReadonlySet<string> {
    const ids = this.unwritten ?? new Set();
    this.unwritten = new Set();
    return ids;
  }

  /** Whether there is anything that `takeUnwritten` would give. */
  get isWritten(): boolean {
    return this.unwritten !== undefined && this.unwritten.size === 0;
  }

  /** The items that pass, as a list's answer. */
  list(passes: Passes): Buffer {
    return listOf([...this.index().values()].filter(passes));
  }

  /** How many items there are. Makes no index for that: it would be kept. */
  get size(): number {
    return this.items?.size ?? countItems(this.bytes);
  }

  /** Items by id. Not to be changed, nor kept for long: it is the list itself. */
  index(): Items {
    this.items ??= itemsById(this.bytes);
    return this.items;
  }
}
