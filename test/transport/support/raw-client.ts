import { duplexPair } from 'node:stream';
import { type ReportFault, throwFault } from '../../../src/base/own-fault.ts';
import { openSession } from '../../../src/transport/grpc/client/client.ts';
import { FrameType, preface } from '../../../src/transport/http2/frames/frame.ts';
import type { Limits } from '../../../src/transport/http2/limits.ts';
import type { Session } from '../../../src/transport/session.ts';
import { noSettings } from './frames.ts';
import { RawPeer } from './raw-peer.ts';

/** A session of our client in memory, and a raw server on the other end, whose first bytes are `greeting`. */
export async function rawServer(
  greeting: Buffer = noSettings,
  limits: Partial<Limits> = {},
  report: ReportFault = throwFault,
): Promise<{ peer: RawPeer; session: Session }> {
  const [near, far] = duplexPair();
  const peer = new RawPeer(far, preface.length);
  peer.send(greeting);
  const session = await openSession(near, { limits: { linger: 10, ...limits }, report });
  return { peer, session };
}

/** Resolves when the peer has the request headers of this many calls. */
export function requests(peer: RawPeer, count: number): Promise<void> {
  return peer.until(() => peer.frames.filter(frame => frame.type === FrameType.Headers).length >= count);
}
