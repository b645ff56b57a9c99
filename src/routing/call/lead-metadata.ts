import type { Metadata, ReplyStream } from '../../base/call.ts';

/**
 * The metadata of a stream that several runtimes make together: the metadata of the runtime asked first, as with joined lists. It is
 * not waited for once a message of another runtime goes out, or at the end.
 */
export class LeadMetadata {
  private reply: ReplyStream | undefined;
  private resolve: (headers: Metadata) => void = () => {};
  /** Never rejects. */
  readonly headers: Promise<Metadata> = new Promise(resolve => {
    this.resolve = resolve;
  });

  get trailers(): Metadata {
    return this.reply?.trailers ?? [];
  }

  /** The first runtime's own stream has begun; the last one counts. */
  follow(reply: ReplyStream): void {
    this.reply = reply;
    void reply.headers.then(this.resolve);
  }

  /** A message goes out, or the stream ends: headers are too late from now on. */
  settle(): void {
    this.resolve([]);
  }
}
