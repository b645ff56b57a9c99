import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import type { Metadata } from '../base/call.ts';

/** What gRPC itself puts on every call: each hop has its own. */
const owned = /^(?::.*|te|content-type|user-agent|host|connection|grpc-(?!status-details-bin|trace-bin|tags-bin).*)$/;

/** What @grpc/grpc-js received, as metadata to pass on. */
export function fromGrpc(metadata: GrpcMetadata): Metadata {
  const out: Array<readonly [string, string]> = [];
  for (const name of Object.keys(metadata.getMap())) {
    if (owned.test(name)) continue;
    for (const value of metadata.get(name)) out.push([name, Buffer.isBuffer(value) ? value.toString('base64') : value]);
  }
  return out;
}

export function toGrpc(metadata: Metadata): GrpcMetadata {
  const out = new GrpcMetadata();
  for (const [name, value] of metadata) out.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  return out;
}
