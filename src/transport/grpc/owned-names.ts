/** Header names that HTTP/2 or gRPC own, so that they are not metadata. */
export const Owned = {
  Metadata: 0,
  Method: 1,
  Scheme: 2,
  Path: 3,
  Authority: 4,
  Status: 5,
  ContentType: 6,
  ContentLength: 7,
  Te: 8,
  Timeout: 9,
  Encoding: 10,
  GrpcStatus: 11,
  GrpcMessage: 12,
  /** Told to the next hop only: dropped. */
  Hop: 13,
  /** May not occur in HTTP/2 at all (RFC 9113 section 8.2.2). */
  Forbidden: 14,
  /** As Hop; the server shows it to those who watch. */
  UserAgent: 15,
} as const;

export type Owned = number;

const owned = new Map<string, Owned>([
  [':method', Owned.Method],
  [':scheme', Owned.Scheme],
  [':path', Owned.Path],
  [':authority', Owned.Authority],
  [':status', Owned.Status],
  ['content-type', Owned.ContentType],
  ['content-length', Owned.ContentLength],
  ['te', Owned.Te],
  ['grpc-timeout', Owned.Timeout],
  ['grpc-encoding', Owned.Encoding],
  ['grpc-status', Owned.GrpcStatus],
  ['grpc-message', Owned.GrpcMessage],
  ['grpc-accept-encoding', Owned.Hop],
  ['user-agent', Owned.UserAgent],
  ['host', Owned.Hop],
  ['connection', Owned.Forbidden],
  ['keep-alive', Owned.Forbidden],
  ['proxy-connection', Owned.Forbidden],
  ['transfer-encoding', Owned.Forbidden],
  ['upgrade', Owned.Forbidden],
]);

/** Who owns the header `name`; Owned.Metadata if nobody does. */
export function ownerOf(name: string): Owned {
  return owned.get(name) ?? Owned.Metadata;
}

/** Whether a content-type is gRPC's (grpc doc/PROTOCOL-HTTP2.md). */
export function isGrpc(contentType: string): boolean {
  if (contentType === 'application/grpc') return true;
  if (!contentType.startsWith('application/grpc')) return false;
  const next = contentType.charAt('application/grpc'.length);
  return next === '+' || next === ';';
}
