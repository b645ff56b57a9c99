/**
 * The state of a stream (RFC 9113 section 5.1). It is a number, so that a call allocates nothing for it. A closed state tells how the
 * stream was closed. No stream is reserved: PUSH_PROMISE is neither sent nor accepted.
 *
 *                             +--------+
 *                             |  idle  |
 *                             +--------+
 *                                 | send H / recv H
 *                                 v
 *                             +--------+
 *                    recv ES  |        |  send ES
 *                  ,----------|  open  |----------.
 *                  v          |        |          v
 *            +----------+     +--------+     +----------+
 *            |   half   |         |          |   half   |
 *            |  closed  |         | send R / |  closed  |
 *            | (remote) |         | recv R   | (local)  |
 *            +----------+         |          +----------+
 *                  | send ES /    v               | recv ES /
 *                  | send R /  +--------+  send R / |
 *                  | recv R    |        |  recv R   |
 *                  `---------->| closed |<----------'
 *                              +--------+
 *
 *     H: HEADERS, with CONTINUATION; ES: the flag END_STREAM; R: RST_STREAM
 */
export const StreamState = {
  Idle: 0,
  Open: 1,
  HalfClosedLocal: 2,
  HalfClosedRemote: 3,
  /** Both sides have sent END_STREAM. */
  Ended: 4,
  /** The peer has sent RST_STREAM. */
  ResetByPeer: 5,
  /** RST_STREAM was sent after the peer's END_STREAM. */
  ResetByUs: 6,
  /** RST_STREAM was sent before the peer's END_STREAM: frames of any type may be on their way, and are discarded. */
  ResetEarly: 7,
  /** The connection was lost, or the peer's GOAWAY says that it does not process the stream. */
  Lost: 8,
  /** The stream was given up before it was opened. */
  Unopened: 9,
} as const;
export type StreamState = (typeof StreamState)[keyof typeof StreamState];

/** The reason why a frame does not change the state; negative, so that one number holds either. */
export const Illegal = {
  /** The peer may not know yet that the stream is closed: the frame is ignored. */
  Discarded: -1,
  /** A stream error of type STREAM_CLOSED. */
  StreamClosed: -2,
  /** A connection error of type STREAM_CLOSED. */
  ConnectionStreamClosed: -3,
  /** A connection error of type PROTOCOL_ERROR. */
  ConnectionProtocolError: -4,
} as const;
export type Illegal = (typeof Illegal)[keyof typeof Illegal];

/** Whether the result of a transition is an error. */
export function isIllegal(outcome: StreamState | Illegal): outcome is Illegal {
  return outcome < 0;
}

export function isClosed(state: StreamState): boolean {
  return state >= StreamState.Ended;
}

/** Whether the peer may send HEADERS and DATA. */
export function canReceive(state: StreamState): boolean {
  return state === StreamState.Open || state === StreamState.HalfClosedLocal;
}

/** Whether HEADERS and DATA may be sent. */
export function canSend(state: StreamState): boolean {
  return state === StreamState.Open || state === StreamState.HalfClosedRemote;
}

/** Whether the peer itself has ended its side, so that everything that it sent was received. */
export function isEndedByPeer(state: StreamState): boolean {
  return state >= StreamState.HalfClosedRemote && state <= StreamState.ResetByUs;
}

/** Whether frames of any type may still come on a closed stream, and mean nothing. */
export function isDiscarding(state: StreamState): boolean {
  return state === StreamState.ResetEarly || state === StreamState.Lost;
}

/**
 * HEADERS came. `isPeers`: a stream of this id is the peer's to open. A second use of such an id costs the connection; HEADERS for a
 * stream that we have opened cost the stream alone, as with grpc-go.
 */
export function receiveHeaders(state: StreamState, isPeers: boolean): StreamState | Illegal {
  if (canReceive(state)) return state;
  if (state === StreamState.Idle) return isPeers ? StreamState.Open : Illegal.ConnectionProtocolError;
  if (isDiscarding(state)) return Illegal.Discarded;
  return isClosed(state) && isPeers ? Illegal.ConnectionStreamClosed : Illegal.StreamClosed;
}

/** DATA came. */
export function receiveData(state: StreamState): StreamState | Illegal {
  if (canReceive(state)) return state;
  if (state === StreamState.Idle) return Illegal.ConnectionProtocolError;
  return isDiscarding(state) ? Illegal.Discarded : Illegal.StreamClosed;
}

/** END_STREAM came on a frame that was legal. */
export function receiveEndStream(state: StreamState): StreamState | Illegal {
  if (state === StreamState.Open) return StreamState.HalfClosedRemote;
  if (state === StreamState.HalfClosedLocal) return StreamState.Ended;
  return receiveData(state);
}

/** RST_STREAM came. */
export function receiveReset(state: StreamState): StreamState | Illegal {
  if (state === StreamState.Idle) return Illegal.ConnectionProtocolError;
  return isClosed(state) ? Illegal.Discarded : StreamState.ResetByPeer;
}

/** WINDOW_UPDATE came. */
export function receiveWindowUpdate(state: StreamState): StreamState | Illegal {
  if (state === StreamState.Idle) return Illegal.ConnectionProtocolError;
  return isClosed(state) ? Illegal.Discarded : state;
}

/** HEADERS are sent. This and the other transitions of what is sent throw an Error when illegal: that is a fault of this program. */
export function sendHeaders(state: StreamState): StreamState {
  if (state === StreamState.Idle) return StreamState.Open;
  return canSend(state) ? state : cannotSend('HEADERS', state);
}

/** DATA is sent. */
export function sendData(state: StreamState): StreamState {
  return canSend(state) ? state : cannotSend('DATA', state);
}

/** END_STREAM is sent. */
export function sendEndStream(state: StreamState): StreamState {
  if (state === StreamState.Open) return StreamState.HalfClosedLocal;
  return state === StreamState.HalfClosedRemote ? StreamState.Ended : cannotSend('END_STREAM', state);
}

/** RST_STREAM is sent. */
export function sendReset(state: StreamState): StreamState {
  if (canReceive(state)) return StreamState.ResetEarly;
  return state === StreamState.HalfClosedRemote ? StreamState.ResetByUs : cannotSend('RST_STREAM', state);
}

/** Nothing can be sent or received any more. */
export function lose(state: StreamState): StreamState {
  if (isClosed(state)) return state;
  return state === StreamState.Idle ? StreamState.Unopened : StreamState.Lost;
}

function cannotSend(type: string, state: StreamState): never {
  const name = Object.entries(StreamState).find(([, each]) => each === state)![0];
  throw new Error(`${type} cannot be sent on a stream in the state ${name}`);
}
