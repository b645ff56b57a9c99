import { connect as dial } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { data, headers, hello, message, requestFields } from '../../transport/support/frames.ts';
import { RawPeer } from '../../transport/support/raw-peer.ts';

/** The work of this file's worker: `rounds` rounds of a call of each of these paths, over each of so many connections. */
export interface CallFlood {
  readonly socket: string;
  readonly connections: number;
  readonly rounds: number;
  readonly paths: readonly string[];
}

const { socket, connections, rounds, paths } = workerData as CallFlood;

/** Sends the calls of a round at once; the next round follows when there is an answer to each. */
async function flood(): Promise<void> {
  const peer = new RawPeer(dial(socket));
  peer.send(hello);
  for (let round = 0; round < rounds; round++) {
    const calls = paths.map((path, at) => {
      const id = 1 + 2 * (round * paths.length + at);
      return Buffer.concat([headers(id, requestFields(path)), data(id, message(''))]);
    });
    peer.send(Buffer.concat(calls));
    // Each answer has a word at the least.
    await peer.until(() => peer.words.length >= paths.length * (round + 1) || peer.closed);
  }
  peer.socket.destroy();
}

await Promise.all(Array.from({ length: connections }, flood));
parentPort!.postMessage('over');
