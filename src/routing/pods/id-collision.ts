import type { CallOptions } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { idRequest } from '../../cri/read/listing.ts';
import { readAll } from '../../cri/read/read.ts';
import { holdsId } from '../call/holding.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { Runtime } from '../port/runtime.ts';
import type { IdKind } from '../state/owners.ts';

/** How long the removal of a new pod or container may take, in ms. */
const LIMIT = 30_000;

const removals = {
  pod: ['StopPodSandbox', 'RemovePodSandbox'],
  container: ['StopContainer', 'RemoveContainer'],
} as const;

/**
 * For raw ids: rejects with AlreadyExists when a call has created a pod or container with an id that another runtime has too, since no
 * client could tell them apart. The new item is removed again.
 */
export async function refuseCollision(
  plan: MethodPlan,
  runtime: Runtime,
  answer: Buffer,
  options: CallOptions,
): Promise<void> {
  if (plan.owners.form === 'prefixed') return;
  for (const kind of ['pod', 'container'] as const) {
    for (const id of readAll(plan.method.response, kind, answer)) {
      const other = await otherHolder(plan, runtime, kind, id, options);
      if (other === undefined) continue;
      const failure = await undo(plan, runtime, answer, options);
      throw new ProxyError(
        Code.AlreadyExists,
        `criproxy: ${runtimeName(runtime.id)} has given the new ${kind} the id "${id}", which ${runtimeName(other.id)} uses too: ` +
          `${failure === undefined ? 'it was removed again; try once more' : `remove it from ${runtimeName(runtime.id)} by hand: ${failure}`}`,
      );
    }
  }
}

/**
 * Another runtime that has this id. A runtime that does not answer counts as having no such id: ids are random, and a pod must not
 * fail because of a runtime that does not answer.
 */
async function otherHolder(
  plan: MethodPlan,
  runtime: Runtime,
  kind: IdKind,
  id: string,
  options: CallOptions,
): Promise<Runtime | undefined> {
  const others = plan.runtimes.all.filter(each => each !== runtime);
  const isIt = (known: string) => known === id;
  const answers = await Promise.all(others.map(each => holdsId(plan, each, kind, id, isIt, options)));
  return others[answers.indexOf('yes')];
}

/** Undefined when the new item is removed, else the reason why not. */
async function undo(
  plan: MethodPlan,
  runtime: Runtime,
  answer: Buffer,
  options: CallOptions,
): Promise<string | undefined> {
  // The containers of a pod are removed with it.
  const [pod] = readAll(plan.method.response, 'pod', answer);
  const kind: IdKind = pod === undefined ? 'container' : 'pod';
  const id = pod ?? readAll(plan.method.response, 'container', answer)[0]!;
  try {
    for (const name of removals[kind]) {
      const sibling = plan.sibling(name);
      const request = idRequest(id);
      const own = ownCall(LIMIT, [], options.watched);
      const followed = plan.node.begin(runtime, sibling.method.effect!, request);
      const call = runtime.call(sibling.lane(runtime).path, request, own);
      call.catch(() => plan.node.followFailed(runtime, followed));
      void plan.node.follow(runtime, followed, (await call).message);
    }
    return undefined;
  } catch (fault) {
    return ProxyError.from(fault).message;
  }
}
