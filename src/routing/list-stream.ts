import type { CallOptions } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { isWholeList } from '../cri/filter.ts';
import { itemsById, listOf } from '../cri/listing.ts';
import { within } from './budget.ts';
import { listName, listPart, snapshotList } from './list-part.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';
import { samplesPart } from './samples-part.ts';

/** One runtime's part of a streamed list, in the client's names. */
export type PartStream = AsyncGenerator<Buffer, void, void>;

/** `leads`: the first runtime asked. That it lacks the method is the client's to know, who has had no message yet. */
export type OpenPart = (
  plan: Plan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
  leads: boolean,
) => PartStream;

/**
 * The runtime's own stream; when it fails, what its snapshot has besides. A runtime without the method gives its unary list:
 * an Unimplemented in the middle would make a client give up streaming for good.
 */
export const streamList: OpenPart = async function* (plan, runtime, request, options, leads) {
  const sent = new Set<string>();
  try {
    for await (const message of liveStream(plan, runtime, request, options)) {
      for (const id of itemsById(message).keys()) sent.add(id);
      yield message;
    }
  } catch (fault) {
    const error = ProxyError.from(fault);
    if (error.code === Code.InvalidArgument) throw error;
    if (error.code !== Code.Unimplemented || sent.size > 0) {
      yield without(snapshotList(plan, runtime, request, error), sent);
    } else if (leads) throw error;
    else yield (await listPart(plan.unaryList, runtime, request, options)).message;
  }
};

/** The runtime's own stream as far as it goes, or its unary samples; nothing from a runtime that does not answer. */
export const streamSamples: OpenPart = async function* (plan, runtime, request, options, leads) {
  let any = false;
  try {
    if (runtime.state.kind === 'down') return;
    const messages = plan.stream(runtime, request, options)[Symbol.asyncIterator]();
    for (;;) {
      const next = await within(plan.listTimeout(runtime), messages.next());
      if (next.done === true) return;
      any = true;
      yield next.value;
    }
  } catch (fault) {
    const error = ProxyError.from(fault);
    if (error.code !== Code.Unimplemented || any) return;
    if (leads) throw error;
    const part = await samplesPart(plan.unaryList, runtime, request, options);
    if (!(part instanceof ProxyError)) yield part.message;
  }
};

/** What comes from the runtime itself; the whole of it is its new snapshot. */
async function* liveStream(plan: Plan, runtime: Runtime, request: Buffer, options: CallOptions): PartStream {
  const lane = plan.lane(runtime);
  const own = lane.encode(request);
  const listing = plan.node.of(runtime).of(listName(plan));
  const askedAt = Date.now();
  const question = listing.ask();
  const parts: Buffer[] = [];
  try {
    const messages = runtime.stream(lane.path, [own], options)[Symbol.asyncIterator]();
    for (;;) {
      const next = await within(plan.listTimeout(runtime), messages.next());
      if (next.done === true) break;
      parts.push(next.value);
      yield lane.decode(next.value);
    }
    if (isWholeList(listName(plan), own)) listing.answer(question, Buffer.concat(parts), askedAt);
    plan.node.isLive(runtime, listName(plan));
  } finally {
    listing.giveUp(question);
  }
}

function without(list: Buffer, ids: ReadonlySet<string>): Buffer {
  if (ids.size === 0) return list;
  return listOf([...itemsById(list)].filter(([id]) => !ids.has(id)).map(([, item]) => item));
}
