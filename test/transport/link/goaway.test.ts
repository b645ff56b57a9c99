import t from 'tap';
import { Code } from '../../../src/base/codes.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { Link } from '../../../src/transport/link/link.ts';
import { waitFor } from '../../support/child.ts';
import { dial } from '../../support/dial.ts';
import { type LeavingServer, startLeavingServer } from '../support/leaving-server.ts';
import { callOptions } from '../support/sockets.ts';

function linkTo(
  t: { teardown(fn: () => unknown): void },
  server: LeavingServer,
): { link: Link<string>; lines: string[] } {
  const lines: string[] = [];
  const add = (line: string) => void lines.push(line);
  const log: Logger = { enabled: () => true, info: (_level, line) => add(line), warn: add, error: add };
  const link = new Link<string>({
    name: 'the runtime',
    path: server.path,
    dial,
    greet: async () => 'itself',
    describe: text => text,
    log,
  });
  t.teardown(() => link.stop());
  link.start();
  return { link, lines };
}

const ask = async (link: Link<string>) =>
  (await link.call('/a/B', Buffer.from('request'), callOptions([], 20_000))).message.toString();

t.test('eight callers do not notice ten GOAWAY NO_ERROR', async t => {
  const server = await startLeavingServer(t, 5);
  const { link, lines } = linkTo(t, server);
  await link.tried;
  let isOver = false;
  let calls = 0;
  const callers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      await ask(link);
      calls++;
    }
  });
  for (let i = 0; i < 10; i++) {
    const before = calls;
    await waitFor('more calls', () => calls > before + 16 || undefined);
    // Some of the eight calls in flight are not processed.
    server.takeLeave(i % 2 === 0 ? undefined : 0);
  }
  const last = calls;
  await waitFor('calls above the last one', () => calls > last + 16 || undefined);
  isOver = true;
  await Promise.all(callers);
  t.equal(server.connections, 11);
  t.same(
    lines.filter(line => !line.startsWith('the runtime is up')),
    [],
    'no change of state in the log',
  );
  t.equal(lines.length, 1);
});

t.test('a call in flight ends on the old connection, a new call is sent on the new one', async t => {
  const server = await startLeavingServer(t, 300);
  const { link } = linkTo(t, server);
  await link.tried;
  const old = ask(link);
  await waitFor('the call', () => server.calls === 1 || undefined, { pause: 1 });
  server.takeLeave(1);
  await waitFor('another connection', () => server.connections === 2 || undefined);
  t.same(await Promise.all([old, ask(link)]), ['1', '2']);
});

t.test('a stream that was not processed is sent again, with its request', async t => {
  const server = await startLeavingServer(t, 5);
  const { link } = linkTo(t, server);
  await link.tried;
  server.takeLeave(0);
  const reply = link.stream('/a/B', [Buffer.from('request')], callOptions([], 20_000));
  const got: string[] = [];
  for await (const message of reply) got.push(message.toString());
  t.same(got, ['2']);
  t.same(await reply.headers, []);
});

t.test('the link is down after GOAWAY from a server that has stopped listening', async t => {
  const server = await startLeavingServer(t, 100);
  const { link } = linkTo(t, server);
  await link.tried;
  const old = ask(link);
  await waitFor('the call', () => server.calls === 1 || undefined, { pause: 1 });
  server.stopListening();
  server.takeLeave(1);
  t.equal(await old, '1', 'what it had taken is answered');
  await waitFor('the link to be down', () => link.state.kind === 'down' || undefined);
  await t.rejects(ask(link), { code: Code.Unavailable });
});
