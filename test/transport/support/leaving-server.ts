import { createServer } from 'node:net';
import { Flag, FrameType, preface } from '../../../src/transport/http2/frames/frame.ts';
import { goAway } from './control-frames.ts';
import { data, headers, message, noSettings, okFields, responseFields, whole } from './frames.ts';
import { RawPeer } from './raw-peer.ts';
import { listen, socketPath } from './sockets.ts';

/** A server that answers every call with its connection's number after `delay` ms, and can send GOAWAY. */
export interface LeavingServer {
  readonly path: string;
  /** The number of connections so far. */
  readonly connections: number;
  /** The number of whole requests that were processed. */
  readonly calls: number;
  /** The number of calls that came after GOAWAY of their connection, and so were not processed. */
  readonly untaken: number;
  /** Sends GOAWAY NO_ERROR on the newest connection. Streams so far, or up to `last`, are processed. */
  takeLeave(last?: number): void;
  /** Stops listening. */
  stopListening(): void;
}

export async function startLeavingServer(
  t: { teardown(fn: () => unknown): void },
  delay: number,
): Promise<LeavingServer> {
  const path = await socketPath(t);
  const peers: RawPeer[] = [];
  let leave = (_last?: number): void => {};
  let untaken = 0;
  let calls = 0;
  const server = createServer(socket => {
    const peer = new RawPeer(socket, preface.length);
    const number = peers.push(peer);
    peer.send(noSettings);
    let limit = Number.POSITIVE_INFINITY;
    let seen = 0;
    let highest = 0;
    leave = last => {
      limit = last ?? highest;
      peer.send(goAway(limit));
    };
    const look = () => {
      for (; seen < peer.frames.length; seen++) {
        const { type, flags, streamId } = peer.frames[seen]!;
        if (type === FrameType.Headers && streamId <= limit) highest = streamId;
        if (type !== FrameType.Data || (flags & Flag.EndStream) === 0) continue;
        if (streamId > limit) {
          untaken++;
          continue;
        }
        calls++;
        setTimeout(() => {
          if (peer.closed) return;
          peer.send(
            headers(streamId, responseFields),
            data(streamId, message(String(number)), 0),
            headers(streamId, okFields, whole),
          );
        }, delay);
      }
      return false;
    };
    void peer.until(look);
  });
  await listen(path, server);
  t.teardown(() => {
    server.close();
    for (const peer of peers) peer.socket.destroy();
  });
  return {
    path,
    get connections() {
      return peers.length;
    },
    get calls() {
      return calls;
    },
    get untaken() {
      return untaken;
    },
    takeLeave: last => leave(last),
    stopListening: () => void server.close(),
  };
}
