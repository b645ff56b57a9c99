import type { CallOptions } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { type AskRuntime, driverInConfiguration, findCgroupDriver } from '../../cri/ask/find-cgroup-driver.ts';
import { type CgroupDriverName, runtimeConfigWith } from '../../cri/read/cgroup-driver.ts';
import {
  type Condition,
  conditionsField,
  infoField,
  isVerbose,
  readConditions,
  statusRequest,
} from '../../cri/read/node-status.ts';
import { LIST_LIMIT } from '../asking/ask-list.ts';
import { clientPatience } from '../asking/budget.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import type { UnaryRoute } from '../call/unary-route.ts';
import type { Runtime } from '../port/runtime.ts';
import type { StatusOutcome } from '../state/runtime-statuses.ts';
import { withAllHandlers } from './node-handlers.ts';
import { reportRuntime } from './runtime-report.ts';

/** The conditions that make a runtime ready (CRI, RuntimeStatus). */
const needed = ['RuntimeReady', 'NetworkReady'];

/**
 * The primary's status, with a condition for each other runtime, the handlers of all, and the proxy's own report if the request is
 * verbose. Readiness is the primary's alone: a node can work without the other runtimes.
 */
export const nodeStatus: UnaryRoute = async (plan, request, options) => {
  const { primary, all } = plan.runtimes;
  const { statuses } = plan.node;
  const others = all.slice(1);
  const waits = (runtime: Runtime): [limit: number, patience: number] => {
    const limit = plan.listTimeout(runtime);
    return [limit, clientPatience(options, limit)];
  };
  const askOne = (runtime: Runtime) =>
    statuses.ask(runtime, ...waits(runtime), () => asking(plan, runtime, options)('Status', statusRequest(false)));
  const findDriver = (runtime: Runtime) =>
    statuses.cgroupDriver(runtime, ...waits(runtime), () => findCgroupDriver(asking(plan, runtime, options)));
  const [reply, outcomes, drivers] = await Promise.all([
    plan.call(primary, request, options),
    Promise.all(others.map(askOne)),
    Promise.all(others.length === 0 ? [] : all.map(findDriver)),
  ]);
  const conditions = [
    ...outcomes.map((outcome, index) => readyCondition(others[index]!, outcome)),
    ...driverConditions(plan, drivers),
  ];
  const report = isVerbose(request) ? infoField('criproxy', JSON.stringify(nodeReport(plan))) : undefined;
  const status = plan.readAnswer(primary, () => withAllHandlers(plan, reply.message));
  if (conditions.length === 0 && report === undefined) return { ...reply, message: status };
  return { ...reply, message: Buffer.concat([status, conditionsField(conditions), report ?? Buffer.alloc(0)]) };
};

/** Asks one runtime as the proxy. Rejects as any call. */
function asking(plan: MethodPlan, runtime: Runtime, options: CallOptions): AskRuntime {
  const own = ownCall(LIST_LIMIT, [], options.watched);
  return async (method, request) => (await plan.sibling(method).call(runtime, request, own)).message;
}

/** The proxy's report on itself and its runtimes, as plain data for JSON. */
function nodeReport({ settings, owners, runtimes, node }: MethodPlan): object {
  return {
    version: settings.version ?? '',
    ids: owners.form,
    runtimes: runtimes.all.map(runtime =>
      reportRuntime(runtime, node.of(runtime), settings.runtimes?.get(runtime.id)?.labels),
    ),
  };
}

function readyCondition(runtime: Runtime, outcome: StatusOutcome): Condition {
  const condition = (status: boolean, reason: string, message: string): Condition => ({
    type: `criproxy.${runtime.id}/Ready`,
    status,
    reason,
    message,
  });
  const { state } = runtime;
  if (state.kind === 'down') return condition(false, 'RuntimeDown', state.reason);
  if (outcome.kind === 'silent') return condition(false, 'StatusUnknown', outcome.reason);
  const wrong = conditionsOf(outcome.status)?.find(({ type, status }) => needed.includes(type) && !status);
  if (wrong !== undefined) return condition(false, wrong.reason || wrong.type, `${wrong.type}: ${wrong.message}`);
  return condition(true, 'RuntimeIsReady', `serves ${state.packages.join(', ')}`);
}

/** An answer that cannot be read is ignored. */
function conditionsOf(status: Buffer): Condition[] | undefined {
  try {
    return readConditions(status);
  } catch {
    return undefined;
  }
}

/** The kubelet makes the cgroups of all pods for one driver, the primary's. `drivers`: the drivers of all runtimes, in order. */
function driverConditions(plan: MethodPlan, drivers: readonly (CgroupDriverName | undefined)[]): Condition[] {
  const [expected, ...others] = drivers;
  return others.flatMap((driver, index) => {
    if (expected === undefined || driver === undefined || driver === expected) return [];
    const runtime = plan.runtimes.all[index + 1]!;
    const message = `it uses the cgroup driver ${driver}, the primary runtime and so the kubelet ${expected}; configure both with the same`;
    plan.node.statuses.warnOnce(`${runtimeName(runtime.id)}: ${message}`);
    return [{ type: `criproxy.${runtime.id}/CgroupDriver`, status: false, reason: 'CgroupDriverDiffers', message }];
  });
}

/**
 * The primary's answer. For a primary without the method the answer is made from its configuration, because kubelets from 1.37 on need
 * it to start; Unimplemented if the configuration does not tell.
 */
export const runtimeConfig: UnaryRoute = async (plan, request, options) => {
  const { primary } = plan.runtimes;
  try {
    return await plan.call(primary, request, options);
  } catch (fault) {
    if (ProxyError.from(fault).code !== Code.Unimplemented) throw fault;
    const driver = await driverInConfiguration(asking(plan, primary, options));
    if (driver === undefined) throw fault;
    return { message: runtimeConfigWith(driver), headers: [], trailers: [] };
  }
};
