import { Code } from '../../base/codes.ts';
import { ErrorCode } from '../http2/frames/error-code.ts';

/** The characters that are percent-encoded in `grpc-message`: all but printable ASCII, and the percent sign (gRPC over HTTP/2). */
const ESCAPED = /[^ -$&-~]+/g;

/**
 * Encodes `grpc-message`: UTF-8, percent-encoded. A message that is longer than `room` octets is cut after its last whole character
 * that fits. V8's own encoder does it, since a text may have hundreds of kB.
 */
export function encodeMessage(message: string, room = Number.POSITIVE_INFINITY): string {
  const encoded = message.toWellFormed().replace(ESCAPED, encodeURIComponent);
  return encoded.length <= room ? encoded : wholeCharacters(encoded.slice(0, room));
}

/** The number of escapes of a character, by the first digit of its first octet. */
const ESCAPES: Readonly<Record<string, number>> = { C: 2, D: 2, E: 3, F: 4 };

/** Removes an escape, or a character of several escapes, that is cut at the end. */
function wholeCharacters(encoded: string): string {
  const text = encoded.replace(/%[0-9A-F]?$/, '');
  const last = /%([C-F])[0-9A-F](?:%[89AB][0-9A-F]){0,3}$/.exec(text);
  if (last === null || last[0].length === 3 * ESCAPES[last[1]!]!) return text;
  return text.slice(0, last.index);
}

/** Undoes encodeMessage. A percent sign without two hexadecimal digits stays; bytes that are not UTF-8 become U+FFFD. */
export function decodeMessage(encoded: string): string {
  if (isAscii(encoded)) {
    if (!encoded.includes('%')) return encoded;
    try {
      return decodeURIComponent(encoded);
    } catch {
      // The text is malformed: the rest of the function reads as much as possible.
    }
  }
  // A server may have sent UTF-8 without escapes, which arrives as latin1.
  const octets = Buffer.from(encoded, 'latin1');
  let length = 0;
  for (let i = 0; i < octets.length; i++) {
    const hex = octets[i] === 0x25 ? encoded.slice(i + 1, i + 3) : '';
    const escaped = /^[0-9a-fA-F]{2}$/.test(hex);
    octets[length++] = escaped ? Number.parseInt(hex, 16) : octets[i]!;
    if (escaped) i += 2;
  }
  return octets.toString('utf8', 0, length);
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is all of ASCII.
  return /^[\x00-\x7f]*$/.test(text);
}

/** The status of an answer without a gRPC status, by its HTTP status (grpc doc/http-grpc-status-mapping.md). */
export function codeOfHttpStatus(status: string): Code {
  switch (status) {
    case '400':
      return Code.Internal;
    case '401':
      return Code.Unauthenticated;
    case '403':
      return Code.PermissionDenied;
    case '404':
      return Code.Unimplemented;
    case '429':
    case '502':
    case '503':
    case '504':
      return Code.Unavailable;
    default:
      return Code.Unknown;
  }
}

/**
 * The status of a call whose stream the peer has reset: the same as a kubelet gets without a proxy (http2ErrConvTab in grpc-go's
 * internal/transport/http_util.go). The table "Errors" in grpc doc/PROTOCOL-HTTP2.md has Internal for FLOW_CONTROL_ERROR too.
 */
export function codeOfReset(code: ErrorCode): Code {
  switch (code) {
    case ErrorCode.RefusedStream:
      return Code.Unavailable;
    case ErrorCode.Cancel:
      return Code.Cancelled;
    case ErrorCode.FlowControlError:
    case ErrorCode.EnhanceYourCalm:
      return Code.ResourceExhausted;
    case ErrorCode.InadequateSecurity:
      return Code.PermissionDenied;
    default:
      return code <= ErrorCode.Http11Required ? Code.Internal : Code.Unknown;
  }
}

/** `grpc-status` as a number; undefined if it is not a number. */
export function parseStatus(text: string): Code | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
