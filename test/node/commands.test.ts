import { dirname, join } from 'node:path';
import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { startContainerd } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import { proxyCommand, startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';
import { openTerminal } from '../support/terminal.ts';

const ESCAPE = '\u001b';

/** The commands that a person types, in this order, each with its output and its exit status. */
const typed: ReadonlyArray<{ command: readonly string[]; shows: RegExp; status: number }> = [
  { command: ['log-level'], shows: /^3$/, status: 0 },
  { command: ['log-level', '4', '--for', '10m'], shows: /^4 until \d\d:\d\d:\d\d, then 3$/, status: 0 },
  { command: ['log-level', '9'], shows: /^criproxy: log-level: "9" is not a log level; use 0 to 5$/, status: 2 },
  { command: ['faults', 'show'], shows: /^no faults are injected$/, status: 0 },
  {
    command: ['faults', 'add', '--method', 'RemoveImage', '--error', 'Unavailable:disk is gone'],
    shows: /^1$/,
    status: 0,
  },
  { command: ['faults', 'show'], shows: /^1 {2}.*RemoveImage.*Unavailable.*\(0 calls hit\)$/, status: 0 },
  { command: ['faults', 'clear'], shows: /^cleared 1$/, status: 0 },
  { command: ['reload'], shows: /^nothing changed: there is no configuration file \(-config\)/, status: 0 },
];

test('the commands in a terminal of 80 columns, beside real containerd', needs('root', 'demo', 'terminal'), async t => {
  const primary = await startContainerd();
  t.teardown(() => primary.stop());
  const proxy = await startProxy({ connect: primary.socketPath, flags: ['-enableFaults'] });
  t.teardown(() => proxy.remove());
  const admin = join(dirname(proxy.socketPath), 'state', 'admin.sock');
  for (const { command, shows, status } of typed) {
    await t.test(command.join(' '), async t => {
      const [program, args] = proxyCommand([...command, '--admin-socket', admin]);
      const terminal = await openTerminal([program, ...args]);
      t.teardown(() => terminal.close());
      t.equal(await waitFor('its end', () => terminal.exitStatus()), status);
      t.match(terminal.screen()[0], shows);
      t.equal(terminal.colours().includes(ESCAPE), false, 'nothing to colour');
    });
  }
});

test('a fault that was added meets a call to real containerd', needs('root', 'demo', 'terminal'), async t => {
  const primary = await startContainerd();
  t.teardown(() => primary.stop());
  const proxy = await startProxy({ connect: primary.socketPath, flags: ['-enableFaults'] });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  await waitFor('the runtime', async () => (await client.ask('Version', {})).code === 0 || undefined);
  const admin = join(dirname(proxy.socketPath), 'state', 'admin.sock');
  const [program, args] = proxyCommand(['faults', 'add', '--method', 'RemoveImage', '--error', 'Aborted:for a test']);
  const terminal = await openTerminal([program, ...args, '--admin-socket', admin]);
  t.teardown(() => terminal.close());
  await waitFor('its end', () => terminal.exitStatus());
  const outcome = await client.ask('RemoveImage', { image: { image: 'none.example/none:1' } });
  t.equal(outcome.code, 10);
  t.match(outcome.details, /for a test/);
});
