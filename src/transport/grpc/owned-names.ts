/** Header names that gRPC or HTTP own, so that they are not metadata. HTTP/2's rules know the fields with a mark. */
export const Owned = {
  Metadata: 0,
  ContentType: 1,
  Timeout: 2,
  Encoding: 3,
  GrpcStatus: 4,
  GrpcMessage: 5,
  /** For the next hop only: dropped. */
  Hop: 6,
  /** As Hop; the server shows it in records of calls. */
  UserAgent: 7,
} as const;

export type Owned = number;

const owned = new Map<string, Owned>([
  ['content-type', Owned.ContentType],
  ['te', Owned.Hop],
  ['grpc-timeout', Owned.Timeout],
  ['grpc-encoding', Owned.Encoding],
  ['grpc-status', Owned.GrpcStatus],
  ['grpc-message', Owned.GrpcMessage],
  ['grpc-accept-encoding', Owned.Hop],
  ['user-agent', Owned.UserAgent],
  ['host', Owned.Hop],
]);

/** The use of the header `name` by gRPC or HTTP; Owned.Metadata if it has none. */
export function ownerOf(name: string): Owned {
  return owned.get(name) ?? Owned.Metadata;
}

/** Whether a content-type is one of gRPC (grpc doc/PROTOCOL-HTTP2.md). */
export function isGrpc(contentType: string): boolean {
  if (contentType === 'application/grpc') return true;
  if (!contentType.startsWith('application/grpc')) return false;
  const next = contentType.charAt('application/grpc'.length);
  return next === '+' || next === ';';
}
