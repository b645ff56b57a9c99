import { createServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { criTypes } from '../../support/cri-types.ts';
import { seeded } from '../../wire/seeded.ts';

export interface Peer {
  /** Ends every connection; the socket is free afterwards. */
  stop(): Promise<void>;
}

// Peers that break the wire itself, which no answer of a fake runtime does.
const random = seeded(7);

/** Takes connections and never says a word. */
function silent(path: string): Promise<Peer> {
  return listen(createSocketServer(), path);
}

/** Answers any connection with bytes that are no HTTP/2. */
function garbage(path: string): Promise<Peer> {
  return listen(
    createSocketServer(socket => socket.on('error', () => {}).write(random.bytes(4096))),
    path,
  );
}

/** A runtime that answers Version, and half a message to all else before it closes the connection. */
function half(path: string): Promise<Peer> {
  const server = createServer();
  server.on('stream', (stream, headers) => answerHalf(stream, String(headers[':path'])));
  return listen(server as unknown as Server, path);
}

const version = { version: '0.1.0', runtime_name: 'half', runtime_version: '1', runtime_api_version: 'v1' };

function answerHalf(stream: ServerHttp2Stream, path: string): void {
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  if (path.endsWith('/Version')) {
    stream.end(framed(criTypes('runtime.v1').encode('VersionResponse', version)));
    return;
  }
  stream.write(framed(Buffer.alloc(1000)).subarray(0, 500), () => stream.session?.destroy());
}

/** A gRPC message with its prefix: not compressed, length (PROTOCOL-HTTP2.md). */
function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

async function listen(server: Server, path: string): Promise<Peer> {
  const sockets = new Set<Socket>();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return {
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** The peers that may listen in a runtime's place, by name. */
export const brokenPeers = { silent, garbage, half } as const;
