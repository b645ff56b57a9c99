import { criTypes, type Message } from '../cri-types.ts';
import type { Package } from '../facts.ts';
import { type PodModel, statusOfContainer, statusOfPod } from './pod-model.ts';

/** The events of a model from now on, as ContainerEventResponses, until it is closed. */
export class EventFeed implements AsyncIterable<Buffer> {
  private readonly pkg: Package;
  private readonly waiting: Message[] = [];
  private wake = () => {};
  private closed = false;
  private readonly forget: () => void;

  constructor(model: PodModel, pkg: Package) {
    this.pkg = pkg;
    const listener = (id: string, type: string, pod: Message) => {
      const containers = [...model.state.containers.values()].filter(item => item['pod_sandbox_id'] === pod['id']);
      this.waiting.push({
        container_id: id,
        container_event_type: type,
        pod_sandbox_status: statusOfPod(pod),
        containers_statuses: containers.map(statusOfContainer),
      });
      this.wake();
    };
    model.listeners.add(listener);
    this.forget = () => model.listeners.delete(listener);
  }

  close(): void {
    this.closed = true;
    this.forget();
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (!this.closed) {
      const event = this.waiting.shift();
      if (event !== undefined) yield criTypes(this.pkg).encode('ContainerEventResponse', event);
      else await this.next();
    }
  }

  private next(): Promise<void> {
    return new Promise(resolve => {
      this.wake = resolve;
    });
  }
}
