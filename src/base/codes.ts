/** gRPC status codes (grpc/grpc doc/statuscodes.md). */
export const Code = {
  OK: 0,
  Cancelled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

/** Any number is possible on the wire: a peer may send a code that is not in the list above. */
export type Code = number;

const names = new Map<number, string>(Object.entries(Code).map(([name, code]) => [code, name]));

/** The code's name as Go's codes package prints it, or `Code(n)` for one that it does not know. */
export function codeName(code: Code): string {
  return names.get(code) ?? `Code(${code})`;
}
