import { contentLengthOf, findListFault, ListKind, Mark } from './header-rules.ts';
import type { HeaderList } from './hpack/header-list.ts';

/** Header lists with status 1xx before the final one. */
const maxInterims = 16;

/** The progress of the message that comes in on a stream: a header list, content, and trailers (RFC 9113 section 8.1). */
export interface IncomingMessage {
  /** The header list has come; for a response, the final one. */
  headReceived: boolean;
  interims: number;
  /** The length that content-length gives, -1 if there is none, and the length so far, in bytes. */
  contentLength: number;
  bodyLength: number;
}

/**
 * Takes in a header list or trailers; `end`: with END_STREAM. Returns the rule that makes the message malformed (RFC 9113 section
 * 8.1.1). After an interim response `headReceived` is still false.
 */
export function receiveList(
  message: IncomingMessage,
  list: HeaderList,
  end: boolean,
  isServer: boolean,
): string | undefined {
  if (message.headReceived) return receiveTrailers(message, list, end);
  const fault = findListFault(list, isServer ? ListKind.Request : ListKind.Response);
  if (fault !== undefined) return fault;
  if (!list.truncated && (list.allMarks & Mark.Interim) !== 0) return receiveInterim(message, end);
  message.headReceived = true;
  message.contentLength = contentLengthOf(list);
  return end ? receiveEnd(message) : undefined;
}

/** Takes in the length of a piece of content; returns the rule that makes the message malformed. */
export function receiveContent(message: IncomingMessage, octets: number): string | undefined {
  if (!message.headReceived) return 'DATA before HEADERS';
  message.bodyLength += octets;
  return message.contentLength >= 0 && message.bodyLength > message.contentLength ? wrongLength(message) : undefined;
}

/** Takes in END_STREAM; returns the rule that makes the message malformed. */
export function receiveEnd(message: IncomingMessage): string | undefined {
  return message.contentLength >= 0 && message.bodyLength !== message.contentLength ? wrongLength(message) : undefined;
}

function receiveTrailers(message: IncomingMessage, list: HeaderList, end: boolean): string | undefined {
  if (!end) return 'HEADERS without END_STREAM in the middle of a message';
  return findListFault(list, ListKind.Trailers) ?? receiveEnd(message);
}

function receiveInterim(message: IncomingMessage, end: boolean): string | undefined {
  if (end) return 'a response that ends with status 1xx';
  return ++message.interims > maxInterims ? `more than ${maxInterims} responses with status 1xx` : undefined;
}

function wrongLength({ contentLength }: IncomingMessage): string {
  return `DATA does not match content-length ${contentLength}`;
}
