/** Header names that HTTP/2 or gRPC own, so that they are not metadata. */
export const Owned = {
  Metadata: 0,
  Method: 1,
  Path: 2,
  Status: 3,
  ContentType: 4,
  Timeout: 5,
  Encoding: 6,
  GrpcStatus: 7,
  GrpcMessage: 8,
  /** For the next hop only: dropped. */
  Hop: 9,
  /** As Hop; the server shows it in records of calls. */
  UserAgent: 10,
} as const;

export type Owned = number;

const owned = new Map<string, Owned>([
  [':method', Owned.Method],
  [':scheme', Owned.Hop],
  [':path', Owned.Path],
  [':authority', Owned.Hop],
  [':status', Owned.Status],
  ['content-type', Owned.ContentType],
  ['content-length', Owned.Hop],
  ['te', Owned.Hop],
  ['grpc-timeout', Owned.Timeout],
  ['grpc-encoding', Owned.Encoding],
  ['grpc-status', Owned.GrpcStatus],
  ['grpc-message', Owned.GrpcMessage],
  ['grpc-accept-encoding', Owned.Hop],
  ['user-agent', Owned.UserAgent],
  ['host', Owned.Hop],
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
