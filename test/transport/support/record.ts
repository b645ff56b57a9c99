import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import type { Session } from '../../../src/transport/session.ts';
import { dial } from '../../support/dial.ts';
import { callOptions, ForeignClient, listen, outcome, socketPath, startForeignServer, startServer } from './sockets.ts';

interface Teardown {
  teardown(fn: () => unknown): void;
}

/** A relay to `path` that keeps all bytes. */
async function tap(t: Teardown, path: string): Promise<{ path: string; sent: Buffer[]; answered: Buffer[] }> {
  const sent: Buffer[] = [];
  const answered: Buffer[] = [];
  const server = createServer(socket => {
    const other = connect(path);
    socket.on('data', chunk => sent.push(chunk) && other.write(chunk));
    other.on('data', chunk => answered.push(chunk) && socket.write(chunk));
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => two.destroy());
    }
  });
  const tapped = await socketPath(t);
  await listen(tapped, server);
  t.teardown(() => server.close());
  return { path: tapped, sent, answered };
}

/** The bytes of grpc-js to our server in some conversations, one buffer for each. */
export async function recordClients(t: Teardown): Promise<Buffer[]> {
  const { path } = await startServer(t);
  const metadata = new grpc.Metadata();
  metadata.add('traceparent', '00-0123456789abcdef-01');
  metadata.add('x-bin', Buffer.from([1, 2, 3]));
  const conversations: Array<(client: ForeignClient) => Promise<unknown>> = [
    client => client.unary('/test.Test/Echo', Buffer.from('hello'), metadata, { deadline: Date.now() + 100_000 }),
    async client => {
      for (let i = 0; i < 4; i++) await client.unary('/test.Test/Echo', Buffer.alloc(i * 20_000, 'x'), metadata);
    },
    client =>
      Promise.all(Array.from({ length: 8 }, (_, i) => client.unary('/test.Test/Fail', Buffer.from(`${i}`), metadata))),
    async client => {
      const call = client.bidi('/test.Test/EchoStream', metadata);
      const end = outcome([], call as unknown as grpc.ClientUnaryCall);
      for (let i = 0; i < 5; i++) call.write(Buffer.alloc(i * 100, `${i}`));
      call.end();
      await end;
    },
    async client => {
      const call = client.bidi('/test.Test/EchoStream');
      call.on('error', () => {});
      const answer = once(call, 'data');
      call.write(Buffer.from('x'));
      await answer;
      call.cancel();
      await client.unary('/test.Test/None', Buffer.alloc(10));
    },
  ];
  const recorded: Buffer[] = [];
  for (const converse of conversations) {
    const { path: tapped, sent } = await tap(t, path);
    const client = new ForeignClient(t, tapped);
    await converse(client);
    await sleep(20);
    recorded.push(Buffer.concat(sent));
  }
  return recorded;
}

/** Makes the calls whose answers recordServers keeps. Resolves when all calls have settled. */
export async function makeCalls(session: Session): Promise<unknown[]> {
  const options = () => callOptions([['k', 'v']]);
  const drain = async (path: string, messages: Buffer[]) => {
    const got: Buffer[] = [];
    for await (const message of session.stream(path, messages, options())) got.push(message);
    return got;
  };
  return Promise.allSettled([
    session.call('/t/Echo', Buffer.from('hello'), options()),
    session.call('/t/Echo', Buffer.alloc(30_000, 'x'), options()),
    session.call('/t/Fail', Buffer.from('why'), options()),
    drain('/t/Stream', [Buffer.from('a'), Buffer.alloc(5000, 'b')]),
    drain('/t/Stream', []),
    session.call('/t/None', Buffer.alloc(3), options()),
  ]);
}

/** The bytes of a grpc-js server to our client for makeCalls. */
export async function recordServer(t: Teardown): Promise<Buffer> {
  const metadata = new grpc.Metadata();
  metadata.add('a', '1');
  metadata.add('b-bin', Buffer.from([0, 255]));
  const { path } = await startForeignServer(t, {
    '/t/Echo': (call, answer) => {
      call.sendMetadata(metadata);
      answer(null, call.request, metadata);
    },
    '/t/Fail': (call, answer) => answer({ code: 5, details: call.request.toString(), metadata }),
    '/t/Stream': {
      stream: call => {
        call.on('data', message => call.write(message));
        call.on('end', () => call.end(metadata));
      },
    },
  });
  const { path: tapped, answered } = await tap(t, path);
  const session = await dial(tapped, 5000);
  await makeCalls(session);
  session.close();
  return Buffer.concat(answered);
}
