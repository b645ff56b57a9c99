import type { ReplyStream } from '../../base/call.ts';
import { ProxyError } from '../../base/error.ts';
import type { Runtime, RuntimeState } from '../port/runtime.ts';

/** A reader of one runtime's events, in the runtime's own names. `end`: the feed is over; undefined if the runtime ended it with OK. */
export interface EventReader {
  event(message: Buffer): void;
  end(fault: ProxyError | undefined): void;
}

/** One subscription to the events of a runtime, passed to all readers. No reader can hold it back. */
export class EventFeed {
  readonly reply: ReplyStream;
  private readonly readers = new Set<EventReader>();
  private readonly cancel: AbortController;
  /** Whether other readers have the same events. */
  readonly isShared: boolean;
  /** Whether the feed is over. */
  isOver = false;

  /** A feed that is not shared ends with its last reader. */
  constructor(open: (signal: AbortSignal) => ReplyStream, isShared: boolean) {
    this.cancel = new AbortController();
    this.reply = open(this.cancel.signal);
    this.isShared = isShared;
    void this.run();
  }

  /** Adds a reader until the returned function is called. */
  read(reader: EventReader): () => void {
    this.readers.add(reader);
    return () => {
      this.readers.delete(reader);
      if (!this.isShared && this.readers.size === 0) this.close();
    };
  }

  close(): void {
    this.isOver = true;
    this.cancel.abort();
  }

  private async run(): Promise<void> {
    let fault: ProxyError | undefined;
    try {
      for await (const message of this.reply) for (const reader of [...this.readers]) reader.event(message);
    } catch (cause) {
      fault = ProxyError.from(cause);
    }
    this.isOver = true;
    for (const reader of [...this.readers]) reader.end(fault);
  }
}

/**
 * The feeds of all runtimes. A shared feed stays open as long as the runtime's connection, even without readers: containerd 1.7
 * passes each event to one of its subscribers, and a subscriber that has left still swallows the next event
 * (containerd, pkg/cri/sbserver/container_events.go).
 */
export class EventFeeds {
  private readonly shared = new Map<Runtime, { readonly state: RuntimeState; readonly feed: EventFeed }>();
  /** How many streams of clients were ended because they were read too slowly. */
  tooSlow = 0;

  /** Throws as the runtime's `stream`. A request with content gets a feed of its own. */
  of(runtime: Runtime, path: string, request: Buffer): EventFeed {
    const open = (signal: AbortSignal) =>
      runtime.stream(path, [request], { metadata: [], deadline: undefined, signal });
    if (request.length > 0) return new EventFeed(open, false);
    const { state } = runtime;
    const known = this.shared.get(runtime);
    if (known !== undefined && known.state === state && !known.feed.isOver) return known.feed;
    known?.feed.close();
    const feed = new EventFeed(open, true);
    this.shared.set(runtime, { state, feed });
    return feed;
  }

  /** Ends the feeds of a runtime that has left, or of all runtimes. */
  close(of: Iterable<Runtime> = [...this.shared.keys()]): void {
    for (const runtime of of) {
      this.shared.get(runtime)?.feed.close();
      this.shared.delete(runtime);
    }
  }
}
