import type { CallOptions } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { isImage, type ListName } from '../../cri/read/filter.ts';
import { idFilterRequest, itemsById } from '../../cri/read/listing.ts';
import { LIST_LIMIT } from '../asking/ask-list.ts';
import { within } from '../asking/budget.ts';
import { waitingFor } from '../asking/waiting.ts';
import type { Runtime } from '../port/runtime.ts';
import type { IdKind } from '../state/owners.ts';
import { hasPart } from './asked.ts';
import type { MethodPlan } from './method-plan.ts';

/** Whether a runtime has an item. An answer that cannot be had is `unknown`, which must never be passed on as `no`. */
export type Holds = 'yes' | 'no' | 'unknown';

/**
 * How much older than the runtime's last sign of life a list may be and still be a proof, in ms. A runtime that is down or hangs
 * changes nothing, and changes by calls through the proxy are followed. Only items that came to the runtime past the proxy since the
 * list can be missing, as an image that an operator has pulled. A runtime that answers is asked for each list at least every
 * 50 s, times on the disk are up to a minute behind, and a restart of the proxy takes seconds.
 */
export const FRESH = 120_000;

const lists: readonly ListName[] = ['ListPodSandbox', 'ListContainers', 'ListImages'];

/** Whether the runtime has a pod or container with a matching id: asked within the list timeout, else by its snapshot. */
export async function holdsId(
  plan: MethodPlan,
  runtime: Runtime,
  kind: IdKind,
  id: string,
  fits: (known: string) => boolean,
  options: CallOptions,
): Promise<Holds> {
  const list = kind === 'pod' ? 'ListPodSandbox' : 'ListContainers';
  try {
    if (isSilent(plan, runtime)) return snapshotHolds(plan, runtime, list, fits);
    const { path } = plan.sibling(list).lane(runtime);
    const limit = plan.listTimeout(runtime);
    const call = runtime.call(path, idFilterRequest(id), ownCall(limit, [], options.watched));
    const { message } = await within(limit, call);
    return [...itemsById(message).keys()].some(fits) ? 'yes' : 'no';
  } catch {
    return snapshotHolds(plan, runtime, list, fits);
  }
}

/**
 * All items of a runtime's list, asked now, by id and in the runtime's names. The limit is the list timeout for a secondary, and the
 * client's deadline for the primary. Rejects when the runtime does not answer in time.
 */
export async function askAll(
  plan: MethodPlan,
  runtime: Runtime,
  list: ListName,
  options: CallOptions,
): Promise<ReadonlyMap<string, Buffer>> {
  await plan.ready(runtime, options);
  if (runtime !== plan.runtimes.primary && isSilent(plan, runtime)) {
    throw new ProxyError(Code.DeadlineExceeded, 'it has not answered the list before this one');
  }
  const call = plan.node.ask(runtime, list, options.watched);
  const isPrimary = runtime === plan.runtimes.primary;
  // The client's deadline ends the wait for the primary alone.
  await within(patience(plan, runtime, options), isPrimary ? waitingFor(runtime, list, options, call) : call);
  // The kept list has the changes that were made while the answer was on its way.
  return plan.node.of(runtime).of(list).index();
}

/** How long a question of a call may wait for a runtime, in ms. */
export function patience(plan: MethodPlan, runtime: Runtime, { deadline }: CallOptions): number {
  const left = deadline === undefined ? LIST_LIMIT : Math.max(1, deadline - performance.now());
  return runtime === plan.runtimes.primary ? left : Math.min(plan.listTimeout(runtime), left);
}

/** Whether the runtime has an item that passes, by its snapshot; unknown if the snapshot is not fresh. `passes` gets id and item. */
export function snapshotHolds(
  plan: MethodPlan,
  runtime: Runtime,
  list: ListName,
  passes: (id: string, item: Buffer) => boolean,
): Holds {
  if (!hasPart(plan, runtime)) return 'no';
  const listing = plan.node.of(runtime).of(list);
  if (!isFresh(plan, runtime, listing.takenAt)) return 'unknown';
  for (const [id, item] of listing.index()) if (passes(id, item)) return 'yes';
  return 'no';
}

/** The same for an image by any of its names, or the beginning of its id. */
export function imageInSnapshot(plan: MethodPlan, runtime: Runtime, image: string): Holds {
  const held = snapshotHolds(plan, runtime, 'ListImages', (_, item) => isImage(item, image));
  return held === 'no' && plan.node.of(runtime).pulls.mayHaveBrought(image) ? 'unknown' : held;
}

/** Whether the runtime cannot have the image because it has no image service. False if it has listed the image before. */
export function lacksService(plan: MethodPlan, runtime: Runtime, image: string, fault: ProxyError): boolean {
  return fault.code === Code.Unimplemented && imageInSnapshot(plan, runtime, image) !== 'yes';
}

function isFresh({ node }: MethodPlan, runtime: Runtime, takenAt: number | undefined): boolean {
  if (takenAt === undefined || !node.isFresh(takenAt)) return false;
  const snapshot = node.of(runtime);
  // The runtime was not followed while the proxy was down.
  const lastSign = Math.max(node.startedAt, ...lists.map(list => snapshot.of(list).takenAt ?? 0));
  return lastSign - takenAt <= FRESH;
}

/** Whether a list of the runtime is overdue: then no call waits for it again. */
export function isSilent(plan: MethodPlan, runtime: Runtime): boolean {
  return runtime.silence?.since !== undefined || lists.some(list => plan.node.isOverdue(runtime, list));
}

/** Unavailable, for an item of a runtime that does not answer. `reason`: why it does not. */
export function doubtful(runtime: Runtime, what: string, reason?: ProxyError): ProxyError {
  const { state } = runtime;
  const silence = state.kind === 'down' ? `is not up: ${state.reason}` : `does not answer${sayWhy(runtime, reason)}`;
  const text = `criproxy: ${runtimeName(runtime.id)} ${silence}; it may have ${what}`;
  return new ProxyError(Code.Unavailable, text, { cause: reason });
}

function sayWhy({ silence }: Runtime, reason: ProxyError | undefined): string {
  const since = silence?.since;
  if (since !== undefined) return `, nothing since ${new Date(since).toISOString()}`;
  return reason === undefined ? '' : `: ${reason.message}`;
}
