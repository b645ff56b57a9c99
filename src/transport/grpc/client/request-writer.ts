import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { Connection } from '../../http2/connection.ts';
import { entryOverhead } from '../../http2/hpack/dynamic-table.ts';
import { SharedFields } from '../../http2/hpack/shared-fields.ts';
import { formatTimeout, tooLate } from '../timeout.ts';
import type { ClientCall } from './client-call.ts';

/** The most paths whose fields are kept. */
const maxPaths = 256;

/** An upper bound for the size of the common fields and the deadline in a header list, without the path (RFC 7541 section 4.1). */
const ownFields = 512;

/** An upper bound for the size of the call's header list. A block must not be encoded and not sent: that would break the table. */
function sizeOf({ path, options }: ClientCall): number {
  let size = ownFields + path.length;
  for (const [name, value] of options.metadata) size += name.length + value.length + entryOverhead;
  return size;
}

/** Encodes request headers. */
export class RequestWriter {
  private readonly connection: Connection;
  private readonly userAgent: string;
  private readonly shared = new Map<string, SharedFields>();

  constructor(connection: Connection, userAgent: string) {
    this.connection = connection;
    this.userAgent = userAgent;
  }

  /** Leaves the call's block in the encoder. False if no time is left or the block is too large: then the call has ended. */
  encode(call: ClientCall): boolean {
    const { deadline, metadata } = call.options;
    const left = deadline === undefined ? undefined : deadline - performance.now();
    if (left !== undefined && left <= 0) {
      call.cancel(tooLate());
      return false;
    }
    const { encoder, peer } = this.connection;
    if (peer.maxHeaderListSize < Number.POSITIVE_INFINITY && sizeOf(call) > peer.maxHeaderListSize) {
      const text = `the call's metadata is larger than the ${peer.maxHeaderListSize} bytes that the runtime takes`;
      call.cancel(new ProxyError(Code.ResourceExhausted, text));
      return false;
    }
    encoder.begin();
    this.sharedBy(call.path).addTo(encoder);
    if (left !== undefined) encoder.add('grpc-timeout', formatTimeout(left), 'literal');
    for (const [name, value] of metadata) encoder.addMetadata(name, value);
    return true;
  }

  /** The fields that all calls of a path share. */
  private sharedBy(path: string): SharedFields {
    const known = this.shared.get(path);
    if (known !== undefined) return known;
    const fields = new SharedFields(
      [':method', 'POST', 'indexed'],
      [':scheme', 'http', 'indexed'],
      [':path', path, 'indexed'],
      [':authority', 'localhost', 'indexed'],
      ['content-type', 'application/grpc', 'indexed'],
      ['te', 'trailers', 'indexed'],
      ['user-agent', this.userAgent, 'indexed'],
    );
    if (this.shared.size < maxPaths) this.shared.set(path, fields);
    return fields;
  }
}
