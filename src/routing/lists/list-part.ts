import type { CallOptions, Reply } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { WatchedCall } from '../../base/watched-call.ts';
import { hasUnknownField, isWholeList, type ListName, listFilter, type Passes } from '../../cri/read/filter.ts';
import { askList, LIST_LIMIT } from '../asking/ask-list.ts';
import { unavailable } from '../asking/availability.ts';
import { clientPatience, within } from '../asking/budget.ts';
import { endableCall } from '../asking/endable-call.ts';
import { malformed } from '../asking/malformed.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';

/**
 * One runtime's part of a list, in the client's names: its own answer, else the items of its snapshot, with the filters applied.
 * Rejects when there is neither: the kubelet takes items that are missing in a list for dead.
 */
export async function listPart(
  plan: MethodPlan,
  runtime: Runtime,
  request: Buffer,
  options: CallOptions,
): Promise<Reply> {
  if (runtime.state.kind === 'down' && mustWait(plan, runtime)) await plan.ready(runtime, options);
  try {
    const reply = await liveList(plan, runtime, request, options);
    plan.node.noteLive(runtime, listName(plan), options.watched);
    return reply;
  } catch (cause) {
    const fault = ProxyError.from(cause);
    // The client has left, which says nothing about the runtime.
    if (options.signal.aborted) throw fault;
    return {
      message: snapshotList(plan, runtime, request, fault, options.watched),
      headers: [],
      trailers: [],
    };
  }
}

/** The name of the unary list that a plan is for, or streams. */
export function listName(plan: MethodPlan): ListName {
  return plan.unaryList.method.name as ListName;
}

/** A primary whose pods are not known may still come up in time. */
function mustWait(plan: MethodPlan, runtime: Runtime): boolean {
  return runtime === plan.runtimes.primary && !plan.node.of(runtime).known;
}

/** Throws DeadlineExceeded for a runtime with an overdue list: no call waits for it until it has answered. */
export function checkOverdue(plan: MethodPlan, runtime: Runtime): void {
  if (plan.node.isOverdue(runtime, listName(plan)))
    throw new ProxyError(Code.DeadlineExceeded, 'it has not answered the list before this one');
}

async function liveList(plan: MethodPlan, runtime: Runtime, request: Buffer, options: CallOptions): Promise<Reply> {
  const lane = plan.lane(runtime);
  const listing = plan.node.of(runtime).of(listName(plan));
  checkOverdue(plan, runtime);
  const sent = lane.encode(request);
  const whole = isWholeList(listName(plan), sent) ? listing : undefined;
  const askedAt = performance.now();
  // An answer to the whole list is of use when the client has left; an answer to a filter is for this client alone.
  const own = whole === undefined ? endableCall(options) : undefined;
  const asking = own?.options ?? ownCall(LIST_LIMIT, options.metadata, options.watched);
  const call = askList(runtime, lane.path, sent, whole, asking);
  // Only a whole question that exceeds the runtime's own limit proves that the runtime hangs.
  const note = (over: boolean) => whole && plan.node.noteOverdue(runtime, listName(plan), over, askedAt);
  const limit = plan.listTimeout(runtime);
  try {
    const reply = await within(clientPatience(options, limit), within(limit, call, note));
    return { message: lane.decode(reply.message), headers: reply.headers, trailers: reply.trailers };
  } finally {
    own?.end();
  }
}

/**
 * The part of a runtime that did not answer, for `reason`. Throws Unavailable if there is none, or none that is fresh, and
 * InvalidArgument for a request that no runtime could read.
 */
export function snapshotList(
  plan: MethodPlan,
  runtime: Runtime,
  request: Buffer,
  reason: ProxyError,
  call?: WatchedCall,
): Buffer {
  const lane = plan.names(runtime);
  const own = lane.encode(request);
  const passes = readFilter(plan, own);
  const { state } = runtime;
  const list = listName(plan);
  const listing = plan.node.of(runtime).of(list);
  if (listing.takenAt === undefined) {
    if (state.kind === 'down') throw unknown(plan, runtime, state);
    throw new ProxyError(Code.Unavailable, `criproxy: ${runtimeName(runtime.id)} failed ${list}: ${reason.message}`, {
      cause: reason,
    });
  }
  if (hasUnknownField(list, own)) {
    // A client takes every item for one that passes its filter.
    throw new ProxyError(
      Code.Unavailable,
      `criproxy: ${runtimeName(runtime.id)} does not answer, and ${list} has a field that its snapshot cannot be filtered by`,
      { cause: reason },
    );
  }
  plan.node.checkAge(runtime, listing.takenAt);
  plan.node.noteFromSnapshot(runtime, list, state.kind === 'down' ? state.reason : reason.message, call);
  return lane.decode(listing.list(passes));
}

/** For a runtime whose pods are unknown: lists are complete again when it is up, or when an operator has it forgotten. */
function unknown(plan: MethodPlan, runtime: Runtime, state: Runtime['state']): ProxyError {
  const error = unavailable(runtime, state);
  if (runtime === plan.runtimes.primary) return error;
  const remedy = `its pods are not known; if it has left this node for good: criproxy forget ${runtime.id}`;
  return new ProxyError(error.code, `${error.message}; ${remedy}`);
}

function readFilter(plan: MethodPlan, request: Buffer): Passes {
  try {
    return listFilter(listName(plan), request);
  } catch (fault) {
    throw malformed(fault, Code.InvalidArgument, `malformed ${plan.method.request}`);
  }
}
