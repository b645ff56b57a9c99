import t from 'tap';
import { ClosedStreams } from '../../../src/transport/http2/closed-streams.ts';
import { StreamState } from '../../../src/transport/http2/stream-state.ts';

t.test('the state of a stream without an object', async t => {
  const streams = new ClosedStreams();
  streams.add(3, StreamState.ResetEarly);
  streams.add(5, StreamState.Ended);
  streams.add(7, StreamState.Lost);
  streams.add(13, StreamState.ResetEarly);
  const states = [1, 3, 5, 7, 9].map(id => streams.stateOf(id, 9));
  const { Ended, Idle, ResetEarly } = StreamState;
  t.strictSame(states, [Ended, ResetEarly, Ended, ResetEarly, Ended]);
  t.equal(streams.stateOf(11, 9), Idle, 'an id that was not used');
  t.equal(streams.stateOf(4, 9), Idle, 'an id of a server');
  t.equal(streams.stateOf(13, 9), ResetEarly, 'a stream that was refused after GOAWAY');
});

t.test('10,000 streams are remembered, the newest ones', async t => {
  const streams = new ClosedStreams();
  for (let n = 0; n <= 10_000; n++) streams.add(2 * n + 1, StreamState.ResetEarly);
  t.equal(streams.stateOf(1, 20_001), StreamState.Ended);
  t.equal(streams.stateOf(3, 20_001), StreamState.ResetEarly);
  t.equal(streams.stateOf(20_001, 20_001), StreamState.ResetEarly);
});
