import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { type AnswerTable, type JournalEntry, startFakeRuntime, type UnaryAnswer } from '../../support/fake-runtime.ts';
import { modelRows } from '../../support/fakes/model-rows.ts';
import { PodModel } from '../../support/fakes/pod-model.ts';
import { brokenPeers } from './broken-peer.ts';

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

const rows = modelRows(model);

/** The row of the model, with the fault of the moment around it. */
async function answer(request: Buffer, call: JournalEntry): Promise<UnaryAnswer> {
  const { method } = call;
  if (fault === 'error') return { code: UNKNOWN, message: 'every call fails' };
  if (fault === 'slow') await sleep(SLOW);
  const isList = method.startsWith('List');
  if (fault === 'junk' && isList) return Buffer.from('this is no list of anything');
  const bytes = await rows[method]!(request, call);
  // An unknown field, number 99, of 64 MiB behind a good list.
  if (fault !== 'huge' || !isList) return bytes;
  return Buffer.concat([bytes, Buffer.from([0x9a, 0x06, 0x80, 0x80, 0x80, 0x20]), Buffer.alloc(HUGE)]);
}

const answers: AnswerTable = Object.fromEntries(Object.keys(rows).map(method => [method, answer]));
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
