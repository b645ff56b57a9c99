import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { stringify } from 'yaml';
import { makeFolder } from '../daemon/daemon.ts';
import { exitOf, spawnTied, waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { startFakeRuntime } from '../support/fake-runtime.ts';
import { proxyCommand } from '../support/proxy.ts';
import { needs } from '../support/require.ts';

const PATIENCE = { deadline: 20_000 };

test("a socket of the option sockets is inherited by its path, beside the node's own", needs('node'), async t => {
  const folder = makeFolder(t);
  const runtime = await startFakeRuntime({ socketPath: join(folder, 'runtime.sock') });
  t.teardown(() => runtime.stop());
  const [node, read, file] = ['node.sock', 'read.sock', 'config.yaml'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const sockets = [{ path: read, mode: '0600', allow: ['read'] }];
  writeFileSync(file, stringify({ listen: node, stateDir: '', runtimes: [{ socket: runtime.socketPath }], sockets }));
  const [command, args] = proxyCommand(['-config', file]);
  const listen = [read, node].map(path => `--listen=${path}`);
  const child = spawnTied('systemd-socket-activate', [...listen, command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', text => {
    said += text;
  });
  await waitFor('both sockets', () => (existsSync(node) && existsSync(read)) || undefined);
  chmodSync(read, 0o666);
  const [onNode, onRead] = [node, read].map(path => connect(path));
  t.teardown(() => onNode!.close());
  t.teardown(() => onRead!.close());
  t.equal((await onRead!.ask('Version', {}, PATIENCE)).code, 0, 'the client that came first');
  t.equal((await onRead!.ask('StopContainer', {}, PATIENCE)).code, 7);
  t.equal((await onNode!.ask('StopContainer', {}, PATIENCE)).code, 12, 'the runtime has answered');
  t.match(said, `serving CRI for read on ${read}`);
  child.kill('SIGTERM');
  t.same(await exitOf(child), { code: 0, signal: null });
  t.ok(existsSync(read) && existsSync(node), 'both belong to systemd');
});
