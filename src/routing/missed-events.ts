import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import {
  containerEvent,
  containerSteps,
  type LifeStep,
  sandboxSteps,
  statusIn,
  statusOfSandbox,
  statusRequest,
} from '../cri/container-event.ts';
import { sandboxOf } from '../cri/state-records.ts';
import { ownCall } from './ask-list.ts';
import { NodeView } from './node-view.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

/** How long a status may take that an event is made of, in ms. */
const STATUS_LIMIT = 10_000;

/**
 * ContainerEventResponses for what differs between two views, pod sandboxes first, with the statuses that the kubelet makes
 * the pod's status of (kuberuntime, GeneratePodStatus). `before` undefined: nothing was there. Pods whose status could not be
 * had have no events; they are returned, with the reason. `runtime` undefined: it has left, and is not asked.
 */
export async function* missedEvents(
  plan: Plan,
  runtime: Runtime | undefined,
  before: NodeView | undefined,
  after: NodeView,
): AsyncGenerator<Buffer, ReadonlyMap<string, ProxyError>, void> {
  const old = before ?? new NodeView(new Map(), new Map());
  const statuses = new PodStatuses(plan, runtime, old, after);
  const steps = sandboxSteps(old.pods, after.pods).map(step => ({ step, pod: step.id }));
  for (const step of containerSteps(old.containers, after.containers)) {
    const container = after.containers.get(step.id) ?? old.containers.get(step.id)!;
    steps.push({ step, pod: sandboxOf(container) });
  }
  const leftOut = new Map<string, ProxyError>();
  for (const { step, pod } of steps) {
    const status = await statuses.of(pod).catch(ProxyError.from);
    if (status instanceof ProxyError) leftOut.set(pod, status);
    else yield event(step, status);
  }
  return leftOut;
}

/** `pod` is undefined for a pod sandbox of which nothing is known: the kubelet has no use for such an event. */
interface PodStatus {
  readonly pod: Buffer | undefined;
  readonly containers: readonly Buffer[];
}

function event(step: LifeStep, status: PodStatus): Buffer {
  return containerEvent(step, Date.now(), status.pod, status.containers);
}

/** Statuses of pods and their containers, each asked for once. */
class PodStatuses {
  private readonly plan: Plan;
  private readonly runtime: Runtime | undefined;
  private readonly before: NodeView;
  private readonly after: NodeView;
  private readonly known = new Map<string, Promise<PodStatus>>();

  constructor(plan: Plan, runtime: Runtime | undefined, before: NodeView, after: NodeView) {
    this.plan = plan;
    this.runtime = runtime;
    this.before = before;
    this.after = after;
  }

  of(pod: string): Promise<PodStatus> {
    let status = this.known.get(pod);
    if (status === undefined) {
      status = this.ask(pod);
      this.known.set(pod, status);
    }
    return status;
  }

  private async ask(pod: string): Promise<PodStatus> {
    const gone = this.before.pods.get(pod) ?? this.after.pods.get(pod);
    const inPod = [...this.after.containers].filter(([, item]) => sandboxOf(item) === pod).map(([id]) => id);
    const [status, ...containers] = await Promise.all([
      this.status('PodSandboxStatus', pod),
      ...inPod.map(id => this.status('ContainerStatus', id)),
    ]);
    return {
      pod: status ?? (gone === undefined ? undefined : statusOfSandbox(gone)),
      containers: containers.filter(each => each !== undefined),
    };
  }

  /** Undefined for what is gone. Rejects for what could not be asked: the kubelet believes what an event says of a pod. */
  private async status(method: string, id: string): Promise<Buffer | undefined> {
    if (this.runtime === undefined) return undefined;
    try {
      const options = ownCall([], STATUS_LIMIT);
      return statusIn((await this.plan.sibling(method).call(this.runtime, statusRequest(id), options)).message);
    } catch (fault) {
      if (ProxyError.from(fault).code === Code.NotFound) return undefined;
      throw fault;
    }
  }
}
