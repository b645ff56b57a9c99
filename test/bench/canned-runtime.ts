import { createServer } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { serve } from '../../src/transport/grpc/server.ts';
import { listResponse, statusResponse, version } from './messages.ts';

/**
 * A runtime that has every answer ready: `canned-runtime.ts NAME LIBRARY SOCKET=COUNT...`, LIBRARY being `own` or
 * `grpc-js`, and COUNT the containers of the list that is served on the socket.
 */
const [name, library, ...sockets] = process.argv.slice(2) as [string, string, ...string[]];
const service = '/runtime.v1.RuntimeService';

for (const socket of sockets) {
  const [path, count] = socket.split('=') as [string, string];
  const answers = new Map<string, Buffer>([
    [`${service}/Version`, version],
    [`${service}/ContainerStatus`, statusResponse],
    [`${service}/ListContainers`, listResponse(name, Number(count))],
  ]);
  if (library === 'own') serveOwn(path, answers);
  else serveForeign(path, answers);
}

function serveOwn(path: string, answers: Map<string, Buffer>): void {
  const server = createServer().listen(path);
  serve(server, method => {
    const message = answers.get(method);
    if (message === undefined) return undefined;
    return { kind: 'unary', handle: () => Promise.resolve({ message, headers: [], trailers: [] }) };
  });
}

function serveForeign(path: string, answers: Map<string, Buffer>): void {
  const server = new grpc.Server();
  const identity = (octets: Buffer) => octets;
  for (const [method, message] of answers) {
    server.register(
      method,
      (_call: unknown, answer: grpc.sendUnaryData<Buffer>) => answer(null, message),
      identity,
      identity,
      'unary',
    );
  }
  server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), () => {});
}
