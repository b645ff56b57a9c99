import { ProxyError } from '../../base/error.ts';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { WatchedCall } from '../../base/watched-call.ts';
import type { ListName } from '../../cri/read/filter.ts';
import { methodSpec } from '../../cri/translate/method-spec.ts';
import { askList, LIST_LIMIT } from '../asking/ask-list.ts';
import { unavailable } from '../asking/availability.ts';
import { within } from '../asking/budget.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Snapshot } from './snapshot.ts';

/** The parts of the node's state that the questions need. */
interface Node {
  readonly log: Logger;
  of(runtime: Runtime): Snapshot;
  listTimeout(runtime: Runtime): number;
  noteOverdue(runtime: Runtime, list: ListName, over: boolean, askedAt: number): void;
}

/** Undefined if the runtime has answered, else the reason why not. */
export type Outcome = ProxyError | undefined;

interface Asking {
  /** The question that is under way. */
  readonly over: Promise<Outcome>;
  /** The question that waits behind it. */
  next: Promise<Outcome> | undefined;
}

/**
 * The proxy's own questions for whole lists: one at a time for each list of a runtime, however many callers want it. So a runtime that
 * hangs does not collect questions. A question that is wanted during another one is sent when that one has ended.
 */
export class OwnLists {
  private readonly node: Node;
  /** By snapshot, which stays with a runtime when its id changes. */
  private readonly asking = new WeakMap<Snapshot, Map<ListName, Asking>>();

  constructor(node: Node) {
    this.node = node;
  }

  isAsking(runtime: Runtime, list: ListName): boolean {
    return this.asking.get(this.node.of(runtime))?.has(list) === true;
  }

  /**
   * Resolves, and never rejects, at the end of a question that is sent now or later; at once for a runtime that is down. `call`: the
   * client's call that wants it, if any.
   */
  ask(runtime: Runtime, list: ListName, call?: WatchedCall): Promise<Outcome> {
    if (runtime.state.kind !== 'up') return Promise.resolve(unavailable(runtime, runtime.state));
    const snapshot = this.node.of(runtime);
    const asking = this.asking.get(snapshot) ?? new Map<ListName, Asking>();
    this.asking.set(snapshot, asking);
    const before = asking.get(list);
    if (before !== undefined) {
      before.next ??= before.over.then(() => this.ask(runtime, list, call));
      return before.next;
    }
    const over = this.question(runtime, list, call).finally(() => asking.delete(list));
    asking.set(list, { over, next: undefined });
    return over;
  }

  private async question(runtime: Runtime, list: ListName, watched: WatchedCall | undefined): Promise<Outcome> {
    const { state } = runtime;
    if (state.kind !== 'up') return unavailable(runtime, state);
    const path = `/${state.packages[0]}.${methodSpec(list).service}/${list}`;
    const askedAt = performance.now();
    const own = ownCall(LIST_LIMIT, [], watched);
    const call = askList(runtime, path, Buffer.alloc(0), this.node.of(runtime).of(list), own);
    const note = (over: boolean) => this.node.noteOverdue(runtime, list, over, askedAt);
    await within(this.node.listTimeout(runtime), call, note).catch(fault => this.complain(runtime, list, fault));
    // A question that is overdue is still the one under way.
    return call.then(() => undefined, ProxyError.from);
  }

  private complain(runtime: Runtime, list: ListName, fault: unknown): void {
    const text = `${list} of ${runtimeName(runtime.id)}: ${ProxyError.from(fault).message}`;
    this.node.log.info(Level.Failed, text, undefined, { method: list, runtime: runtime.id });
  }
}
