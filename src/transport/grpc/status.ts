import { Code } from '../../base/codes.ts';
import { ErrorCode } from '../http2/error-code.ts';

/**
 * `grpc-message`: UTF-8, percent-encoded but for printable ASCII other than the percent sign (gRPC over HTTP/2). Of a message that would
 * be longer than `room` octets so many whole characters as fit.
 */
export function encodeMessage(message: string, room = Number.POSITIVE_INFINITY): string {
  if (/^[ -$&-~]*$/.test(message)) return message.slice(0, room);
  let encoded = '';
  for (const character of message) {
    const octets = encodeCharacter(character);
    if (encoded.length + octets.length > room) break;
    encoded += octets;
  }
  return encoded;
}

function encodeCharacter(character: string): string {
  if (character >= ' ' && character <= '~' && character !== '%') return character;
  const octets = [...Buffer.from(character)];
  return octets.map(octet => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/** Undoes encodeMessage. A percent sign without two hexadecimal digits stays, and so does what is no UTF-8, as U+FFFD. */
export function decodeMessage(encoded: string): string {
  // Somebody may have sent UTF-8 as it is, which arrives as latin1.
  if (/^[ -$&-~]*$/.test(encoded)) return encoded;
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

/** The status of an answer that carries none, from its HTTP status (grpc doc/http-grpc-status-mapping.md). */
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
 * The status of a call whose stream the peer has reset, as a kubelet would have it without a proxy (http2ErrConvTab in grpc-go's
 * internal/transport/http_util.go); grpc doc/PROTOCOL-HTTP2.md, "Errors", has Internal for FLOW_CONTROL_ERROR too.
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

/** `grpc-status` as a number; Unknown for what is none. */
export function parseStatus(text: string): Code {
  return /^\d{1,9}$/.test(text) ? Number(text) : Code.Unknown;
}
