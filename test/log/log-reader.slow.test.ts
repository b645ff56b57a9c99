import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { startDaemon } from '../daemon/daemon.ts';
import { wellBehaved } from '../faults/support/well-behaved.ts';
import { exitOf, spawnTied, waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { scrape } from '../support/exposition.ts';
import { proxyCommand } from '../support/proxy.ts';

const DEADLINE = { deadline: 20_000 };

test('the daemon continues to serve when the reader of its log goes away', async t => {
  const { dir, runtime } = await startDaemon(t);
  const path = join(dir, 'unread.sock');
  const [command, args] = proxyCommand(['-connect', runtime.socketPath, '-listen', path, '-stateDir=', '-v', '5']);
  const child = spawnTied(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const client = connect(path);
  t.teardown(() => client.close());
  await client.call('Version', {}, DEADLINE);
  child.stderr!.destroy();
  for (let call = 0; call < 20; call++) await client.call('Version', {}, DEADLINE);
  t.equal(child.exitCode, null, 'it runs');
  child.kill('SIGTERM');
  t.strictSame(await exitOf(child), { code: 0, signal: null });
});

test('a reader of its log that stops costs it lines, and no memory', async t => {
  const { dir, runtime, client } = await startDaemon(t, { verbosity: 0 });
  const path = join(dir, 'stopped.sock');
  const admin = join(dir, 'admin.sock');
  const flags = ['-connect', runtime.socketPath, '-listen', path, '-stateDir=', '-adminSocket', admin, '-v', '5'];
  const [command, args] = proxyCommand(flags);
  // Nobody reads the pipe until the end.
  const child = spawnTied(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const loud = connect(path);
  t.teardown(() => loud.close());
  await loud.call('Version', {}, { deadline: 20_000 });
  const rss = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;
  const stop = await wellBehaved(t, path);
  const before = rss();

  // Each call writes some 12 kB of log: 12 MiB would wait.
  const request = { container_id: 'c1', cmd: Array(100).fill('x'.repeat(100)) };
  const lost = async () => (await scrape(admin)).sum('criproxy_log_lines_lost_total');
  for (let call = 0; (await lost()) === 0; call += 100) {
    if (call > 5_000) throw new Error('no line was lost');
    await Promise.all(Array.from({ length: 100 }, () => loud.ask('ExecSync', request, DEADLINE)));
  }
  for (let call = 0; call < 500; call++) await loud.ask('ExecSync', request, DEADLINE);
  const grown = rss() - before;
  t.ok(grown < 120, `it has grown by ${grown.toFixed(0)} MiB`);
  await stop();
  await client.call('Version', {}, DEADLINE);

  let text = '';
  child.stderr!.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  const told = () =>
    [...text.matchAll(/(\d+) lines of the log are lost/g)].reduce((sum, match) => sum + Number(match[1]), 0);
  // The metrics are up to a second old.
  const counted = await waitFor('the loss to be told', async () => ((await lost()) === told() ? told() : undefined));
  t.ok(counted > 0, `${counted} lines are lost, and every one is counted in the log`);
  child.kill('SIGTERM');
  t.strictSame(await exitOf(child), { code: 0, signal: null });
});
