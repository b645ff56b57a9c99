import { createServer } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { serve } from '../../src/transport/grpc/server/server.ts';
import { listResponse, statusResponse, version } from './messages.ts';

/**
 * A runtime that has every answer ready: `canned-runtime.ts NAME LIBRARY SOCKET=COUNT[~]...`, LIBRARY being `own` or
 * `grpc-js`, and COUNT the containers of the list that is served on the socket; with `~` one of two lists by turns, since the
 * proxy makes use of it when a list is the same as the last.
 */
const [name, library, ...sockets] = process.argv.slice(2) as [string, string, ...string[]];
const service = '/runtime.v1.RuntimeService';

for (const socket of sockets) {
  const [path, count] = socket.split('=') as [string, string];
  const list = listResponse(name, Number.parseInt(count, 10));
  const other = count.endsWith('~') ? Buffer.concat([list, listResponse(`${name}x`, 1)]) : list;
  const answers = new Map<string, readonly [Buffer, Buffer]>([
    [`${service}/Version`, [version, version]],
    [`${service}/ContainerStatus`, [statusResponse, statusResponse]],
    [`${service}/ListContainers`, [list, other]],
  ]);
  if (library === 'own') serveOwn(path, answers);
  else serveForeign(path, answers);
}

function serveOwn(path: string, answers: Map<string, readonly [Buffer, Buffer]>): void {
  const server = createServer().listen(path);
  let calls = 0;
  serve(server, method => {
    const messages = answers.get(method);
    if (messages === undefined) return undefined;
    return {
      kind: 'unary',
      handle: () => Promise.resolve({ message: messages[calls++ % 2]!, headers: [], trailers: [] }),
    };
  });
}

function serveForeign(path: string, answers: Map<string, readonly [Buffer, Buffer]>): void {
  const server = new grpc.Server();
  const identity = (octets: Buffer) => octets;
  for (const [method, [message]] of answers) {
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
