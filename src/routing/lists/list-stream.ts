import type { CallOptions } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import { isWholeList, keyOfItems } from '../../cri/read/filter.ts';
import { checkList, itemsById, type KeyOf, listOf } from '../../cri/read/listing.ts';
import { askList, LIST_LIMIT } from '../asking/ask-list.ts';
import { clientPatience, within } from '../asking/budget.ts';
import { endableCall } from '../asking/endable-call.ts';
import type { LeadMetadata } from '../call/lead-metadata.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';
import { checkOverdue, listName, listPart, snapshotList } from './list-part.ts';

/** One runtime's part of a streamed list, in the client's names. */
export type PartStream = AsyncGenerator<Buffer, void, void>;

/** One runtime's part of a client's streamed list. */
export interface ListStream {
  readonly plan: MethodPlan;
  readonly runtime: Runtime;
  readonly request: Buffer;
  readonly options: CallOptions;
  /** Given for the first runtime asked: its Unimplemented goes to the client, which has had no message yet. */
  readonly lead: LeadMetadata | undefined;
}

/**
 * The runtime's own stream; when it fails, the remaining items of its snapshot. A runtime without the method is asked for its unary
 * list: an Unimplemented in the middle would make a client give up streaming for good.
 */
export async function* streamList(part: ListStream): PartStream {
  const { plan, runtime, request, options, lead } = part;
  const keyOf = keyOfItems(listName(plan));
  const sent = new Set<string>();
  try {
    for await (const message of liveStream(part)) {
      for (const key of itemsById(message, keyOf).keys()) sent.add(key);
      yield message;
    }
  } catch (fault) {
    const error = ProxyError.from(fault);
    // The client has left.
    if (options.signal.aborted) throw error;
    if (error.code !== Code.Unimplemented || sent.size > 0) {
      yield without(snapshotList(plan, runtime, request, error, options.watched), sent, keyOf);
    } else if (lead !== undefined) throw error;
    else yield (await listPart(plan.unaryList, runtime, request, options)).message;
  }
}

/** The runtime's own messages; together they are its new snapshot. */
async function* liveStream({ plan, runtime, request, options, lead }: ListStream): PartStream {
  const lane = plan.lane(runtime);
  const own = lane.encode(request);
  const list = listName(plan);
  const listing = plan.node.of(runtime).of(list);
  checkOverdue(plan, runtime);
  const limit = plan.listTimeout(runtime);
  const isWhole = isWholeList(list, own);
  let pulledAt = performance.now();
  const noteLate = (isOver: boolean) => isWhole && !isOver && askInstead(plan, runtime, pulledAt);
  const askedAt = steadyNow();
  const question = listing.ask();
  const call = endableCall(options);
  const parts: Buffer[] = [];
  try {
    const reply = runtime.stream(lane.path, [own], call.options);
    lead?.follow(reply);
    const messages = reply[Symbol.asyncIterator]();
    for (;;) {
      pulledAt = performance.now();
      const next = await within(clientPatience(options, limit), within(limit, messages.next(), noteLate));
      if (next.done === true) break;
      checkList(next.value);
      parts.push(next.value);
      yield lane.decode(next.value);
    }
    if (isWhole) listing.answer(question, Buffer.concat(parts), askedAt);
    plan.node.noteLive(runtime, list, options.watched);
  } finally {
    listing.giveUp(question);
    call.end();
  }
}

/** The stream ends with its client; this question does not, because it tells when the runtime answers again. */
function askInstead(plan: MethodPlan, runtime: Runtime, askedAt: number): void {
  const list = listName(plan);
  if (plan.node.isOverdue(runtime, list)) return;
  plan.node.noteOverdue(runtime, list, false, askedAt);
  const { path } = plan.unaryList.lane(runtime);
  const answer = askList(runtime, path, Buffer.alloc(0), plan.node.of(runtime).of(list), ownCall(LIST_LIMIT));
  void answer.catch(() => {}).finally(() => plan.node.noteOverdue(runtime, list, true, askedAt));
}

function without(list: Buffer, keys: ReadonlySet<string>, keyOf: KeyOf): Buffer {
  if (keys.size === 0) return list;
  return listOf([...itemsById(list, keyOf)].filter(([key]) => !keys.has(key)).map(([, item]) => item));
}
