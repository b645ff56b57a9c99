import t from 'tap';
import {
  canReceive,
  canSend,
  Illegal,
  isClosed,
  isDiscarding,
  isEndedByPeer,
  isIllegal,
  lose,
  receiveData,
  receiveEndStream,
  receiveHeaders,
  receiveReset,
  receiveWindowUpdate,
  StreamState,
  sendData,
  sendEndStream,
  sendHeaders,
  sendReset,
} from '../../../src/transport/http2/stream-state.ts';

type Name = keyof typeof StreamState;

/** The results: a state, an illegal frame of the peer, or `throws` for an illegal frame of ours. */
const legend: Readonly<Record<string, number>> = {
  idle: StreamState.Idle,
  open: StreamState.Open,
  local: StreamState.HalfClosedLocal,
  remote: StreamState.HalfClosedRemote,
  ended: StreamState.Ended,
  byPeer: StreamState.ResetByPeer,
  byUs: StreamState.ResetByUs,
  early: StreamState.ResetEarly,
  lost: StreamState.Lost,
  unopened: StreamState.Unopened,
  ignored: Illegal.Discarded,
  STREAM: Illegal.StreamClosed,
  CLOSED: Illegal.ConnectionStreamClosed,
  PROTOCOL: Illegal.ConnectionProtocolError,
};

/**
 * RFC 9113 section 5.1, read from its text: `idle` allows HEADERS alone, `half-closed (remote)` WINDOW_UPDATE and RST_STREAM alone; on a
 * closed stream both of these are ignored, and all frames where RST_STREAM was sent ahead of the peer's end. No frame comes after the
 * loss of a connection, nor on a stream that was never opened.
 */
const table = `
event                idle      open    local   remote  ended    byPeer   byUs     early    lost     unopened
sendHeaders          open      open    throws  remote  throws   throws   throws   throws   throws   throws
sendData             throws    open    throws  remote  throws   throws   throws   throws   throws   throws
sendEndStream        throws    local   throws  ended   throws   throws   throws   throws   throws   throws
sendReset            throws    early   early   byUs    throws   throws   throws   throws   throws   throws
receiveRequest       open      open    local   STREAM  CLOSED   CLOSED   CLOSED   ignored  ignored  CLOSED
receiveResponse      PROTOCOL  open    local   STREAM  STREAM   STREAM   STREAM   ignored  ignored  STREAM
receiveData          PROTOCOL  open    local   STREAM  STREAM   STREAM   STREAM   ignored  ignored  STREAM
receiveEndStream     PROTOCOL  remote  ended   STREAM  STREAM   STREAM   STREAM   ignored  ignored  STREAM
receiveReset         PROTOCOL  byPeer  byPeer  byPeer  ignored  ignored  ignored  ignored  ignored  ignored
receiveWindowUpdate  PROTOCOL  open    local   remote  ignored  ignored  ignored  ignored  ignored  ignored
lose                 unopened  lost    lost    lost    ended    byPeer   byUs     early    lost     unopened`;

const transitions: Readonly<Record<string, (state: StreamState) => StreamState | Illegal>> = {
  sendHeaders,
  sendData,
  sendEndStream,
  sendReset,
  receiveRequest: state => receiveHeaders(state, true),
  receiveResponse: state => receiveHeaders(state, false),
  receiveData,
  receiveEndStream,
  receiveReset,
  receiveWindowUpdate,
  lose,
};

const [head, ...rows] = table
  .trim()
  .split('\n')
  .map(line => line.split(/ +/));
const states = head!.slice(1).map(name => legend[name] as StreamState);

t.test('the table has every state and every transition', async t => {
  t.strictSame(states, Object.values(StreamState));
  t.strictSame(
    rows.map(([event]) => event),
    Object.keys(transitions),
  );
});

for (const [event, ...outcomes] of rows) {
  outcomes.forEach((outcome, at) => {
    t.test(`${event} in ${head![at + 1]}: ${outcome}`, async t => {
      const move = () => transitions[event!]!(states[at]!);
      if (outcome === 'throws') t.throws(move, { message: /^[A-Z_]+ cannot be sent on a stream in the state \w+$/ });
      else t.equal(move(), legend[outcome]);
    });
  });
}

/** The questions about a state, and the states whose answer is yes. */
const questions: ReadonlyArray<readonly [string, (state: StreamState) => boolean, readonly Name[]]> = [
  ['canReceive', canReceive, ['Open', 'HalfClosedLocal']],
  ['canSend', canSend, ['Open', 'HalfClosedRemote']],
  ['isClosed', isClosed, ['Ended', 'ResetByPeer', 'ResetByUs', 'ResetEarly', 'Lost', 'Unopened']],
  ['isEndedByPeer', isEndedByPeer, ['HalfClosedRemote', 'Ended', 'ResetByPeer', 'ResetByUs']],
  ['isDiscarding', isDiscarding, ['ResetEarly', 'Lost']],
  ['isIllegal', isIllegal, []],
];

for (const [title, ask, yes] of questions) {
  t.test(title, async t => {
    const names = Object.keys(StreamState) as Name[];
    t.strictSame(
      names.filter(name => ask(StreamState[name])),
      yes,
    );
  });
}

t.test('every error is illegal', async t => {
  t.ok(Object.values(Illegal).every(isIllegal));
});
