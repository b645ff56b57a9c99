import { test } from 'tap';
import { waitFor } from '../../support/child.ts';
import { proxyCommand } from '../../support/proxy.ts';
import { needs } from '../../support/require.ts';
import { openTerminal } from '../../support/terminal.ts';
import { startTracedDaemon } from './trace-command-lab.ts';

test('a trace in a terminal of 80 columns', needs('terminal'), async t => {
  const { client, admin } = await startTracedDaemon(t);
  const [command, args] = proxyCommand(['trace', '--admin-socket', admin, '--body']);
  const terminal = await openTerminal([command, ...args]);
  t.teardown(() => terminal.close());
  await waitFor('the heading', () => terminal.screen()[0]?.startsWith('TIME') || undefined);
  await client.call('StopContainer', { container_id: 'alt__container-db', timeout: 30 });
  await client.ask('ReopenContainerLog', { container_id: 'container-web' });
  await waitFor('both calls', () => terminal.screen().length >= 12 || undefined);

  const lines = terminal.screen().map(line => line.replace(/^\d\d:\d\d:\d\d\.\d{3} \d+ /, 'TIME ID '));
  t.match(lines, [
    /^TIME {9}ID {5}CLIENT {2}METHOD {14}RUNTIME {4}TOOK CODE$/,
    /^TIME ID +grpc-n… StopContainer +alt +\S+ OK$/,
    /^ {13}tests\/db-0\/c-db$/,
    /^ {4}request:$/,
    /^ {6}container_id: alt__container-db$/,
    /^ {6}timeout: 30$/,
    /^ {4}response: \{\}$/,
    /^TIME ID +grpc-n… ReopenContainerLog +primary +\S+ Unimplemented$/,
    /^ {13}tests\/web-0\/c-web$/,
    /^ {13}unknown method ReopenContainerLog$/,
    /^ {4}request:$/,
    /^ {6}container_id: container-web$/,
  ]);
  t.ok(terminal.screen().every(line => line.length <= 80));
  t.match(terminal.colours(), '\u001b[32mOK', 'OK is green');
  t.match(terminal.colours(), /31m(?:.\[1m)?Unimplemented/, 'a failure is red');

  terminal.press('C-c');
  t.equal(await waitFor('its end', () => terminal.exitStatus()), 0);
});
