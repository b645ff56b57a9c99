import { test } from 'tap';
import { startDaemon } from '../daemon/daemon.ts';
import { runProxy } from '../support/proxy.ts';
import { codeIn, readPage, tablesOf } from './markdown.ts';

const page = readPage('docs/install.md');
const tables = tablesOf(page.prose);

function rowsOf(first: string): string[][] {
  const found = tables.filter(({ header }) => header[0] === first);
  return found.flatMap(({ rows }) => rows.map(row => [...row]));
}

const commands = rowsOf('Command line');

test('the page has the tables', async t => {
  t.equal(commands.length, 2);
  t.equal(rowsOf('Cause of the end').length, 5);
});

for (const [command = '', , now = ''] of commands) {
  const [line = ''] = codeIn(command);
  test(line, async t => {
    const { code, stderr } = await runProxy(line.split(' ').slice(1));
    t.equal(code, Number(/exit status (\d+)/.exec(now)?.[1]));
    t.match(stderr, codeIn(now)[0]);
  });
}

const statuses: Readonly<Record<string, readonly string[]>> = {
  'an unknown flag': ['-nosuch'],
  'a wrong value, or a socket that cannot be listened on': ['-connect', '/run/x.sock', '-listen', '/nowhere/x.sock'],
  '`-help`': ['-help'],
};

test('exit statuses', async t => {
  const rows = new Map(
    rowsOf('Cause of the end').map(([how = '', , now = '']) => [how, Number(/^\d+/.exec(now)?.[0])]),
  );
  for (const [how, flags] of Object.entries(statuses)) t.equal((await runProxy(flags)).code, rows.get(how), how);
  const { proxy } = await startDaemon(t);
  t.equal(await proxy.stop('SIGTERM'), rows.get('SIGTERM, SIGINT'));
});

test('lines of the log', async t => {
  const { proxy, client } = await startDaemon(t, { verbosity: 5 });
  await client.ask('StopContainer', { container_id: 'c1' });
  await client.ask('RunPodSandbox', {});
  const lines = rowsOf('Log, at `-v`').map(row => codeIn(row[2] ?? '')[0] ?? '');
  t.equal(lines.length, 3);
  for (const line of lines) {
    const pattern = line
      .replace('RunPodSandbox re', 'StopContainer re')
      .replace('v1alpha2', 'v1')
      .replace(/Unavailable: …/, '\\w+: .*')
      .replace(/#\d+/, '#\\d+')
      .replace(/[()]/g, '\\$&');
    t.match(proxy.log(), new RegExp(`\\] ${pattern}\\n`), line);
  }
});
