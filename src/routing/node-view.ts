import type { CallOptions } from '../base/call.ts';
import {
  bareContainer,
  EventType,
  readEvent,
  sandboxOfStatus,
  stepContainer,
  stepSandbox,
} from '../cri/container-event.ts';
import type { ListName } from '../cri/filter.ts';
import { itemsById, readString } from '../cri/listing.ts';
import { sandboxOf } from '../cri/state-records.ts';
import { askList, ownCall } from './ask-list.ts';
import type { Plan } from './plan.ts';
import type { Runtime } from './runtime.ts';

type Items = Map<string, Buffer>;

/** The pod sandboxes and containers of one runtime, by id, in the client's names: as they are, or as the client knows them. */
export class NodeView {
  readonly pods: Items;
  readonly containers: Items;

  constructor(pods: Items, containers: Items) {
    this.pods = pods;
    this.containers = containers;
  }

  /** Undefined if the runtime's lists have never been seen. */
  static ofSnapshot(plan: Plan, runtime: Runtime): NodeView | undefined {
    const snapshot = plan.node.of(runtime);
    if (!snapshot.known) return undefined;
    const view = (list: ListName) =>
      itemsById(
        plan
          .sibling(list)
          .names(runtime)
          .decode(snapshot.of(list).list(() => true)),
      );
    return new NodeView(view('ListPodSandbox'), view('ListContainers'));
  }

  /** Asks the runtime, as long as the call for which it is asked goes on. Rejects as the lists do. */
  static async ofRuntime(plan: Plan, runtime: Runtime, { signal }: CallOptions): Promise<NodeView> {
    const options = { ...ownCall(), signal };
    const ask = async (list: ListName) => {
      const lane = plan.sibling(list).lane(runtime);
      const listing = plan.node.of(runtime).of(list);
      const reply = await askList(runtime, lane.path, Buffer.alloc(0), listing, options);
      return itemsById(lane.decode(reply.message));
    };
    const [pods, containers] = await Promise.all([ask('ListPodSandbox'), ask('ListContainers')]);
    return new NodeView(pods, containers);
  }

  /** Puts pods, and their containers, back to what they were in another view. */
  revert(pods: Iterable<string>, old: NodeView | undefined): void {
    for (const pod of pods) {
      put(this.pods, pod, old?.pods.get(pod));
      const ids = [this.containers, old?.containers ?? new Map<string, Buffer>()].flatMap(items =>
        [...items].filter(([, item]) => sandboxOf(item) === pod).map(([id]) => id),
      );
      for (const id of ids) put(this.containers, id, old?.containers.get(id));
    }
  }

  /** Follows an event that the client gets. Throws a WireError for a malformed one. */
  follow(event: Buffer): void {
    const { id, type, pod } = readEvent(event);
    if (type === EventType.Deleted) {
      this.pods.delete(id);
      this.containers.delete(id);
      return;
    }
    const podId = pod === undefined ? '' : readString(pod, 1);
    const sandbox = this.pods.get(id) ?? (pod !== undefined && podId === id ? sandboxOfStatus(pod) : undefined);
    if (sandbox !== undefined) {
      this.pods.set(id, stepSandbox(sandbox, type));
      return;
    }
    // Without a pod's id it may be either: the client is told of it again rather than of the wrong one's end.
    const container = this.containers.get(id) ?? (podId === '' ? undefined : bareContainer(id, podId));
    if (container !== undefined) this.containers.set(id, stepContainer(container, type));
  }
}

function put(items: Items, id: string, item: Buffer | undefined): void {
  if (item === undefined) items.delete(id);
  else items.set(id, item);
}
