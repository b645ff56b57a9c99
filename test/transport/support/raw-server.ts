import { duplexPair } from 'node:stream';
import type { Service } from '../../../src/base/call.ts';
import { MemoryAccount } from '../../../src/base/memory-account.ts';
import type { ReportFault } from '../../../src/base/own-fault.ts';
import { ServerConnection } from '../../../src/transport/grpc/server/server-connection.ts';
import { FrameType } from '../../../src/transport/http2/frames/frame.ts';
import { defaultLimits, type Limits } from '../../../src/transport/http2/limits.ts';
import { echo, expectThrown } from './echo.ts';
import { ping } from './frames.ts';
import { RawPeer } from './raw-peer.ts';

/** Our server at one end of a connection in memory, and a raw client at the other end. */
export function rawClient(
  limits: Partial<Limits> = {},
  service: Service = echo,
  report: ReportFault = expectThrown,
): { peer: RawPeer; server: ServerConnection } {
  const [near, far] = duplexPair();
  const own = { ...defaultLimits, linger: 10, ...limits };
  const server = new ServerConnection(near, service, own, new MemoryAccount(Number.POSITIVE_INFINITY), report);
  return { peer: new RawPeer(far), server };
}

/** Sends `bytes` and a PING. Returns the frames until the answer to PING, or until the connection is closed. */
export async function converse(
  bytes: Buffer,
  limits: Partial<Limits> = {},
  service: Service = echo,
): Promise<string[]> {
  const { peer, server } = rawClient(limits, service);
  peer.send(bytes);
  // Handlers answer in later ticks, and the PING must not overtake them.
  await peer.settle();
  if (!peer.closed) peer.send(ping);
  await peer.until(() => peer.frames.some(frame => frame.type === FrameType.Ping));
  const summary = peer.summary();
  server.destroy('the test is over');
  peer.socket.destroy();
  return summary;
}
