import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { criTypes } from '../../support/cri-types.ts';
import { methodFact, methods } from '../../support/facts.ts';
import { type Failure, type JournalEntry, startFakeRuntime, type UnaryAnswer } from '../../support/fake-runtime.ts';
import { brokenPeers } from './broken-peer.ts';
import { PodModel } from './pod-model.ts';

/**
 * A runtime as a process of its own: `node runtime-process.ts SOCKET STATE-FILE NAME`. Its pods outlive it, in the file. Its
 * fault comes as a message (a Fault); each is acknowledged with the same message, and the start with `ok`.
 */
export type Fault = 'ok' | 'slow' | 'error' | 'junk' | 'huge' | keyof typeof brokenPeers;

const SLOW = 10_000;
const HUGE = 64 * 1024 * 1024;
const UNKNOWN = 2;

const [socketPath, stateFile, name] = process.argv.slice(2) as [string, string, string];
const model = new PodModel(name, existsSync(stateFile) ? deserialize(readFileSync(stateFile)) : undefined);
model.onChange = () => {
  writeFileSync(`${stateFile}.new`, serialize(model.state));
  renameSync(`${stateFile}.new`, stateFile);
};

let fault: Fault = 'ok';

async function answer(request: Buffer, { package: pkg, method }: JournalEntry): Promise<UnaryAnswer> {
  if (fault === 'error') return { code: UNKNOWN, message: 'every call fails' };
  if (fault === 'slow') await sleep(SLOW);
  const isList = method.startsWith('List');
  if (fault === 'junk' && isList) return Buffer.from('this is no list of anything');
  const fact = methodFact(method);
  const response = model.handle(method, criTypes(pkg).decode(fact.request, request));
  if (response === undefined) return { code: 12, message: `no ${method}` } satisfies Failure;
  const bytes = criTypes(pkg).encode(fact.response, response);
  // An unknown field, number 99, of 64 MiB behind a good list.
  if (fault !== 'huge' || !isList) return bytes;
  return Buffer.concat([bytes, Buffer.from([0x9a, 0x06, 0x80, 0x80, 0x80, 0x20]), Buffer.alloc(HUGE)]);
}

const answers = Object.fromEntries(
  methods.filter(({ serverStream }) => !serverStream).map(each => [each.method, answer]),
);
const runtime = await startFakeRuntime({ socketPath, answers });
let peer: { stop(): Promise<void> } | undefined;

process.on('message', async (wanted: Fault) => {
  if (peer !== undefined) {
    await peer.stop();
    peer = undefined;
    await runtime.start();
  }
  const start = Object.hasOwn(brokenPeers, wanted) ? brokenPeers[wanted as keyof typeof brokenPeers] : undefined;
  fault = start === undefined ? wanted : 'ok';
  if (start !== undefined) {
    await runtime.stop();
    peer = await start(socketPath);
  }
  process.send?.(wanted);
});
process.send?.('ok');
