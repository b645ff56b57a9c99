import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import type { Metadata, Method, ReplyStream } from '../../../src/base/call.ts';
import { serve } from '../../../src/transport/grpc/server/server.ts';
import type { WrittenAnswer } from './answers.ts';

/**
 * A runtime that has every answer ready: `canned-runtime.ts LIBRARY SOCKET=FILE...`. LIBRARY is `own` or `grpc-js`, and FILE one
 * that writeAnswers has written. grpc-js serves the first message of each, at once, and no streams. It is no PodModel, since its own
 * work would be measured.
 */
const [library, ...sockets] = process.argv.slice(2) as [string, ...string[]];

let isLarge = false;
process.on('SIGUSR1', () => {
  isLarge = !isLarge;
});

for (const socket of sockets) {
  const [path, file] = socket.split('=') as [string, string];
  const answers = new Map<string, WrittenAnswer>(Object.entries(JSON.parse(readFileSync(file, 'utf8'))));
  if (library === 'own') serveOwn(path, answers);
  else serveForeign(path, answers);
}

function serveOwn(path: string, answers: Map<string, WrittenAnswer>): void {
  const methods = new Map([...answers].map(([method, answer]) => [method, methodOf(answer)]));
  serve(createServer().listen(path), method => methods.get(method));
}

function methodOf(answer: WrittenAnswer): Method {
  const messages = answer.messages.map(decode);
  const large = answer.large === undefined ? undefined : decode(answer.large);
  const { delay = 0, every } = answer;
  if (every !== undefined) return { kind: 'stream', handle: (_, { signal }) => ticking(messages[0]!, every, signal) };
  let calls = 0;
  return {
    kind: 'unary',
    async handle() {
      if (delay > 0) await sleep(delay);
      const message = isLarge && large !== undefined ? large : messages[calls++ % messages.length]!;
      return { message, headers: [], trailers: [] };
    },
  };
}

function ticking(message: Buffer, every: number, signal: AbortSignal): ReplyStream {
  const none: Metadata = [];
  return {
    headers: Promise.resolve(none),
    trailers: none,
    async *[Symbol.asyncIterator]() {
      while (!signal.aborted) {
        await sleep(every, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) yield message;
      }
    },
  };
}

function serveForeign(path: string, answers: Map<string, WrittenAnswer>): void {
  const server = new grpc.Server();
  const identity = (octets: Buffer) => octets;
  for (const [method, { messages }] of answers) {
    const message = decode(messages[0]!);
    const handle = (_call: unknown, answer: grpc.sendUnaryData<Buffer>) => answer(null, message);
    server.register(method, handle, identity, identity, 'unary');
  }
  server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), () => {});
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
