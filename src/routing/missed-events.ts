import {
  containerEvent,
  containerSteps,
  type LifeStep,
  sandboxSteps,
  statusIn,
  statusOfSandbox,
  statusRequest,
} from '../cri/container-event.ts';
import type { ListName } from '../cri/filter.ts';
import { itemsById } from '../cri/listing.ts';
import { sandboxOf } from '../cri/state-records.ts';
import { askList, ownCall } from './ask-list.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

/** How long a status may take that an event is made of, in ms. */
const STATUS_LIMIT = 10_000;

type Items = ReadonlyMap<string, Buffer>;

/** The pod sandboxes and containers of one runtime at a moment, by id, in the client's names. */
export class NodeView {
  readonly pods: Items;
  readonly containers: Items;

  constructor(pods: Items, containers: Items) {
    this.pods = pods;
    this.containers = containers;
  }

  /** Undefined if the runtime's lists have never been seen. */
  static ofSnapshot(plan: Plan, runtime: Runtime): NodeView | undefined {
    const { pods, containers, known } = plan.node.of(runtime);
    if (!known) return undefined;
    const view = (list: ListName, bytes: Buffer) => itemsById(plan.sibling(list).names(runtime).decode(bytes));
    return new NodeView(
      view(
        'ListPodSandbox',
        pods.list(() => true),
      ),
      view(
        'ListContainers',
        containers.list(() => true),
      ),
    );
  }

  /** Asks the runtime. Rejects as the lists do. */
  static async ofRuntime(plan: Plan, runtime: Runtime): Promise<NodeView> {
    const ask = async (list: ListName) => {
      const lane = plan.sibling(list).lane(runtime);
      const listing = plan.node.of(runtime).of(list);
      const reply = await askList(runtime, lane.path, Buffer.alloc(0), listing, ownCall());
      return itemsById(lane.decode(reply.message));
    };
    const [pods, containers] = await Promise.all([ask('ListPodSandbox'), ask('ListContainers')]);
    return new NodeView(pods, containers);
  }
}

/**
 * ContainerEventResponses for what differs between two views, pod sandboxes first, with the statuses that the kubelet makes
 * the pod's status of (kuberuntime, GeneratePodStatus). `before` undefined: nothing was there.
 */
export async function* missedEvents(
  plan: Plan,
  runtime: Runtime,
  before: NodeView | undefined,
  after: NodeView,
): AsyncGenerator<Buffer, void, void> {
  const old = before ?? new NodeView(new Map(), new Map());
  const statuses = new PodStatuses(plan, runtime, old, after);
  for (const step of sandboxSteps(old.pods, after.pods)) yield event(step, await statuses.of(step.id));
  for (const step of containerSteps(old.containers, after.containers)) {
    const container = after.containers.get(step.id) ?? old.containers.get(step.id)!;
    yield event(step, await statuses.of(sandboxOf(container)));
  }
}

interface PodStatus {
  readonly pod: Buffer;
  readonly containers: readonly Buffer[];
}

function event(step: LifeStep, status: PodStatus): Buffer {
  return containerEvent(step, Date.now(), status.pod, status.containers);
}

/** Statuses of pods and their containers, each asked for once. */
class PodStatuses {
  private readonly plan: Plan;
  private readonly runtime: Runtime;
  private readonly before: NodeView;
  private readonly after: NodeView;
  private readonly known = new Map<string, Promise<PodStatus>>();

  constructor(plan: Plan, runtime: Runtime, before: NodeView, after: NodeView) {
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
      pod: status ?? (gone === undefined ? Buffer.alloc(0) : statusOfSandbox(gone)),
      containers: containers.filter(each => each !== undefined),
    };
  }

  /** Undefined for what is gone, or cannot be asked for any more. */
  private async status(method: string, id: string): Promise<Buffer | undefined> {
    try {
      const options = ownCall([], STATUS_LIMIT);
      return statusIn((await this.plan.sibling(method).call(this.runtime, statusRequest(id), options)).message);
    } catch {
      return undefined;
    }
  }
}
