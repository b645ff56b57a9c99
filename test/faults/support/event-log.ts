import type { Message } from '../../support/cri-types.ts';

/** The events that a client of GetContainerEvents has received. */
export class EventLog {
  readonly events: Message[] = [];
  /** How the stream ended: `end`, or its fault; undefined while it goes on. */
  ended: unknown;

  constructor(stream: AsyncIterable<Message>) {
    void this.read(stream);
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
