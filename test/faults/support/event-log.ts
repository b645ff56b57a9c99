import { waitFor } from '../../support/child.ts';
import type { Message } from '../../support/cri-types.ts';

/** The events that a client of GetContainerEvents has got, as `id TYPE`; ids by the names that a test gives them. */
export class EventLog {
  readonly events: Message[] = [];
  /** The end of the stream; undefined while it goes on. */
  ended: unknown;
  private readonly names: Readonly<Record<string, string>>;

  constructor(stream: AsyncIterable<Message>, names: Readonly<Record<string, string>> = {}) {
    this.names = names;
    void this.read(stream);
  }

  get lines(): string[] {
    return this.events.map(event => `${this.nameOf(event['container_id'])} ${shortType(event)}`);
  }

  /** Resolves with the first `count` events, once they have come. */
  async first(count: number): Promise<string[]> {
    await waitFor(`${count} events`, () => this.events.length >= count || undefined, {
      timeout: 5_000,
      pause: 5,
    }).catch(fault => Promise.reject(new Error(`${fault.message}; there are ${this.lines.join(', ')}`)));
    return this.lines;
  }

  private nameOf(id: string): string {
    return this.names[id] ?? id;
  }

  private async read(stream: AsyncIterable<Message>): Promise<void> {
    try {
      for await (const event of stream) this.events.push(event);
      this.ended = 'end';
    } catch (fault) {
      this.ended = fault;
    }
  }
}

/** CREATED, STARTED, STOPPED or DELETED. */
function shortType(event: Message): string {
  return event['container_event_type'].replace(/^CONTAINER_|_EVENT$/g, '');
}
