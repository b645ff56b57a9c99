import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import type { Connection } from '../http2/connection.ts';
import type { ClientCall } from './client-call.ts';
import { formatTimeout } from './timeout.ts';

/** Paths whose header blocks are kept. */
const maxPaths = 256;

interface Block {
  readonly version: number;
  readonly octets: Buffer;
  readonly size: number;
}

/** Encodes request headers. Those that all calls of a path share are encoded once, until the dynamic table changes. */
export class RequestWriter {
  private readonly connection: Connection;
  private readonly userAgent: string;
  private readonly blocks = new Map<string, Block>();

  constructor(connection: Connection, userAgent: string) {
    this.connection = connection;
    this.userAgent = userAgent;
  }

  /** Leaves the call's block in the encoder; false if there is no time left for it, and then the call has ended. */
  encode(call: ClientCall): boolean {
    const { deadline, metadata } = call.options;
    const left = deadline === undefined ? undefined : deadline - performance.now();
    if (left !== undefined && left <= 0) {
      call.cancel(new ProxyError(Code.DeadlineExceeded, 'context deadline exceeded'));
      return false;
    }
    const { encoder } = this.connection;
    encoder.begin();
    this.addShared(call.path);
    if (left !== undefined) encoder.add('grpc-timeout', formatTimeout(left), 'literal');
    for (const [name, value] of metadata) encoder.addMetadata(name, value);
    return true;
  }

  private addShared(path: string): void {
    const { encoder } = this.connection;
    const known = this.blocks.get(path);
    if (known !== undefined && known.version === encoder.version) {
      encoder.append(known.octets, known.size);
      return;
    }
    const start = encoder.length;
    const before = encoder.version;
    encoder.add(':method', 'POST', 'indexed');
    encoder.add(':scheme', 'http', 'indexed');
    encoder.add(':path', path, 'indexed');
    encoder.add(':authority', 'localhost', 'indexed');
    encoder.add('content-type', 'application/grpc', 'indexed');
    encoder.add('te', 'trailers', 'indexed');
    encoder.add('user-agent', this.userAgent, 'indexed');
    // Fields that were new just now are not indexed in this block: it cannot be sent again.
    if (encoder.version !== before || (known === undefined && this.blocks.size >= maxPaths)) return;
    const octets = Buffer.from(encoder.block.subarray(start, encoder.length));
    this.blocks.set(path, { version: before, octets, size: encoder.size });
  }
}
