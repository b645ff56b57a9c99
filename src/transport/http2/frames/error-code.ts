/** The reason why a stream or a connection ends (RFC 9113 section 7). */
export const ErrorCode = {
  NoError: 0,
  ProtocolError: 1,
  InternalError: 2,
  FlowControlError: 3,
  SettingsTimeout: 4,
  StreamClosed: 5,
  FrameSizeError: 6,
  RefusedStream: 7,
  Cancel: 8,
  CompressionError: 9,
  ConnectError: 10,
  EnhanceYourCalm: 11,
  InadequateSecurity: 12,
  Http11Required: 13,
} as const;

/** Any 32-bit number is possible on the wire. */
export type ErrorCode = number;

const names = new Map<number, string>(
  Object.entries(ErrorCode).map(([name, code]) => [code, name.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()]),
);

/** The code's name as the RFC writes it (`REFUSED_STREAM`), or its number. */
export function errorName(code: ErrorCode): string {
  return names.get(code) ?? `code ${code}`;
}
