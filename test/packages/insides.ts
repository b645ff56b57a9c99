import '../../src/daemon/v8-settings.ts';
import { connect, createServer } from 'node:net';
import { getHeapSpaceStatistics } from 'node:v8';
import { lendReads } from '../../src/transport/sockets/lent-reads.ts';

/** Run by an executable's Node.js, with the path of a socket to make: prints as JSON whether Node has what the daemon uses. */

/** MiB of a semi-space after many objects stayed alive for a while, like calls in flight. */
function youngGeneration(): number {
  let alive: unknown[] = [];
  for (let i = 0; i < 3_000_000; i++) {
    alive.push({ i });
    if (alive.length === 100_000) alive = [];
  }
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return young!.space_size / 2 ** 21;
}

const [path] = process.argv.slice(2) as [string];
const server = createServer(socket => {
  const lent = lendReads(socket, chunk => {
    process.stdout.write(JSON.stringify({ lent, read: String(chunk), young: youngGeneration() }));
    process.exit();
  });
});
server.listen(path, () => connect(path).write('hello'));
