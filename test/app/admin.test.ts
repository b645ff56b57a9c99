import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { askAdmin } from '../../src/admin/admin-client.ts';
import type { AdminRoute } from '../../src/admin/admin-route.ts';
import { openAdmin } from '../../src/app/admin.ts';

const routes: readonly AdminRoute[] = [{ method: 'GET', path: '/v1/x', handle: () => ({ kind: 'json', value: 1 }) }];

function makeFolder(t: { teardown(step: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-open-admin-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function makeLog() {
  const warnings: string[] = [];
  const infos: string[] = [];
  return {
    warnings,
    infos,
    enabled: () => true,
    info: (_: number, message: string) => void infos.push(message),
    warn: (message: string) => void warnings.push(message),
    error: (message: string) => void warnings.push(message),
  };
}

test('the server makes the folder and the socket with mode 0660, and removes the socket at its end', async t => {
  const path = join(makeFolder(t), 'a/b/admin.sock');
  const log = makeLog();
  const server = await openAdmin(path, routes, log);
  t.equal(statSync(path).mode & 0o7777, 0o660);
  t.equal(statSync(join(path, '..')).mode & 0o7777, 0o750);
  t.equal(await askAdmin(path, 'GET', '/v1/x'), 1);
  await server!.close(0);
  t.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  t.same(log.warnings, []);
});

test('a stale socket is replaced', async t => {
  const path = join(makeFolder(t), 'admin.sock');
  const leave = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  t.throws(() => execFileSync(process.execPath, ['-e', leave], { stdio: 'ignore' }));
  t.ok(statSync(path).isSocket(), 'it is there');
  const server = await openAdmin(path, routes, makeLog());
  t.equal(await askAdmin(path, 'GET', '/v1/x'), 1);
  await server!.close(0);
});

test('a socket that cannot be opened gives one warning, with the remedy', async t => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'folder'));
  const other = createServer().listen(join(folder, 'live.sock'));
  t.teardown(() => other.close());
  await once(other, 'listening');
  const rows: readonly [path: string, reason: RegExp][] = [
    ['live.sock', /already in use; stop the process that listens there/],
    ['file', /there is a file there that is not a socket; move it away/],
    ['folder', /not a socket; move it away/],
    ['file/admin.sock', /ENOTDIR|no folder|EEXIST/],
    [`${'x'.repeat(108)}.sock`, /at most 107 bytes long; choose a shorter one/],
  ];
  for (const [name, reason] of rows) {
    const log = makeLog();
    t.equal(await openAdmin(join(folder, name), routes, log), undefined, name);
    t.equal(log.warnings.length, 1);
    t.match(
      log.warnings[0],
      /^no admin socket at .*; criproxy status and the like will not work \(see -adminSocket\)$/,
    );
    t.match(log.warnings[0], reason);
  }
});

test('without a path there is none, and no warning', async t => {
  const log = makeLog();
  t.equal(await openAdmin(undefined, routes, log), undefined);
  t.same(log.warnings, []);
  t.match(log.infos, [/^no admin socket: there is no -stateDir/]);
});

test("Node's HTTP server is loaded by the first connection", async t => {
  const path = join(makeFolder(t), 'admin.sock');
  const module = fileURLToPath(new URL('../../src/app/admin.ts', import.meta.url));
  const script = `
    import { connect } from 'node:net';
    import { openAdmin } from ${JSON.stringify(module)};
    const isLoaded = () => process.moduleLoadList.includes('NativeModule _http_server');
    const log = { enabled: () => false, info() {}, warn() {}, error() {} };
    const server = await openAdmin(${JSON.stringify(path)}, [], log);
    const before = isLoaded();
    const socket = connect(${JSON.stringify(path)}, () => socket.write('GET / HTTP/1.0\\r\\n\\r\\n'));
    await new Promise(resolve => socket.once('data', resolve));
    console.log(before, isLoaded());
    process.exit();`;
  // The environment has no variables of the test runner, which loads modules of its own into every process.
  const options = { encoding: 'utf8', env: { PATH: process.env['PATH'] } } as const;
  t.equal(execFileSync(process.execPath, ['--input-type=module', '-e', script], options), 'false true\n');
});
