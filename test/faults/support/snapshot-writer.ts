import { writeSync } from 'node:fs';
import { snapshotStore } from '../../../src/app/generation/snapshot-files.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { listOf } from '../../../src/cri/read/listing.ts';
import type { Runtime } from '../../../src/routing/port/runtime.ts';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { NodeState } from '../../../src/routing/state/node-state.ts';
import { SnapshotKeeper } from '../../../src/routing/state/snapshot-keeper.ts';
import { lenField, readString } from '../../../src/wire/fields.ts';

/**
 * Writes snapshots without end, as the daemon does: `node snapshot-writer.ts FOLDER`. Says on stdout, a line each: `loaded N`,
 * `begun N`, `done N` for version N of the state, `mixed` if the loaded state is of several versions, `log TEXT`.
 */
const say = (line: string) => writeSync(1, `${line}\n`);
const log: Logger = {
  enabled: () => false,
  info: () => {},
  warn: text => say(`log ${text}`),
  error: text => say(`log ${text}`),
};
// A literal, since it is only down: the program starts some hundred times, and the shared fake would load the tables of messages.
const runtime: Runtime = {
  id: '',
  path: '/run/primary.sock',
  socket: '/run/primary.sock',
  state: { kind: 'down', since: 0, reason: 'there is none', seen: false },
  onChange: () => () => {},
  call: () => Promise.reject(new Error('down')),
  stream: () => {
    throw new Error('down');
  },
};

const runtimes = new Runtimes([runtime]);
const node = new NodeState(runtimes, undefined, log);
const keeper = await SnapshotKeeper.open(node, snapshotStore(process.argv[2]!, log), 'boot', log);
const { pods, containers } = node.of(runtime);
node.of(runtime).seen = true;
const versions = new Set([...pods.index().values(), ...containers.index().values()].map(item => readString(item, 2)));
say(versions.size > 1 ? 'mixed' : `loaded ${[...versions][0] ?? 0}`);

for (let version = Number([...versions][0] ?? 0) + 1; ; version++) {
  // The list has another length each time, so that a file with an old part cannot be whole.
  const list = (kind: string, count: number) =>
    listOf(
      Array.from({ length: count }, (_, index) =>
        Buffer.concat([lenField(1, `${kind}${index}`), lenField(2, String(version))]),
      ),
    );
  pods.set(list('pod', 1 + ((version * 37) % 300)), Date.now());
  containers.set(list('container', 1 + ((version * 61) % 300)), Date.now());
  say(`begun ${version}`);
  await keeper.flush();
  say(`done ${version}`);
}
