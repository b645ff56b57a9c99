import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'tap';
import { ownArchitecture } from '../../build/architecture.ts';
import { nodeProgram } from '../../build/node-packages.ts';
import { waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { makeNodeRoot } from '../support/node-root.ts';
import { bootNode, type Node } from '../support/node-sandbox.ts';
import { needs } from '../support/require.ts';

const root = resolve(import.meta.dirname, '../..');
const DEADLINE = { deadline: 20_000 };

type Entry = Readonly<Record<string, string | undefined>>;

/** The packaged service with all its restrictions, except that it runs the sources. */
function unitOfSources(): string {
  const flags = '-connect /run/containerd/containerd.sock -listen /run/criproxy.sock -v 3 -logFormat journal';
  return readFileSync(join(root, 'debian/criproxy.service'), 'utf8')
    .replace(/^ExecStart=.*$/m, `ExecStart=/opt/node/node /opt/criproxy/src/main.ts ${flags}`)
    .replace(/^(?:Wants|PartOf)=criproxy\.socket\n/gm, '')
    .replace('After=criproxy.socket ', 'After=');
}

function entriesOf(node: Node): Entry[] {
  const text = node.must('journalctl --sync && journalctl -u criproxy -o json --no-pager');
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Entry);
}

test('journald gets the log with its fields', needs('root', 'node'), async t => {
  const node = await bootNode({
    root: makeNodeRoot(),
    binds: { '/opt/node': dirname(nodeProgram(ownArchitecture())), '/opt/criproxy': root },
  });
  t.teardown(() => node.remove());
  node.write('/etc/systemd/system/criproxy.service', unitOfSources());
  node.must('systemctl daemon-reload && systemctl start criproxy');
  await waitFor('the socket', () => node.run('test -S /run/criproxy.sock').status === 0 || undefined);
  const client = connect(node.path('/run/criproxy.sock'));
  t.teardown(() => client.close());
  await client.ask('RemovePodSandbox', { pod_sandbox_id: 'nowhere' }, DEADLINE);
  await client.ask('StopContainer', { container_id: 'nowhere', timeout: 5 }, DEADLINE);
  const find = (message: RegExp) =>
    waitFor(`an entry with ${message}`, () => entriesOf(node).find(each => message.test(each['MESSAGE'] ?? '')));

  await t.test('the entry of a call has its id, its method and its request', async t => {
    const request = await find(/^StopContainer request/);
    const failed = await find(/^StopContainer failed/);
    t.match(request, {
      MESSAGE: `StopContainer request (runtime.v1) #${request['CRIPROXY_CALL_ID']}`,
      PRIORITY: '7',
      SYSLOG_IDENTIFIER: 'criproxy',
      CRIPROXY_METHOD: 'StopContainer',
      CRIPROXY_LEVEL: '3',
      CRIPROXY_FIELDS: '{"container_id":"nowhere","timeout":5}',
      CODE_FILE: 'service.ts',
      CODE_LINE: /^\d+$/,
      _SYSTEMD_UNIT: 'criproxy.service',
      _TRANSPORT: 'journal',
    });
    t.match(failed, { PRIORITY: '6', CRIPROXY_CALL_ID: request['CRIPROXY_CALL_ID'] });
  });

  await t.test('journalctl finds the lines of one call by its id', async t => {
    const { CRIPROXY_CALL_ID: id } = await find(/^StopContainer failed/);
    const found = node.must(`journalctl CRIPROXY_CALL_ID=${id} -o cat --no-pager`).trimEnd().split('\n');
    t.equal(found.length, 2);
    for (const line of found) t.match(line, /^StopContainer .* #\d+$/);
  });

  await t.test('a runtime has its id', async t => {
    t.match(await find(/is up at/), { PRIORITY: '6', CRIPROXY_RUNTIME: 'primary', _SYSTEMD_UNIT: 'criproxy.service' });
  });

  await t.test('criproxy log-level raises the level of the service, whose calls are logged from then on', async t => {
    const logLevel = (words: string) => node.must(`/opt/node/node /opt/criproxy/src/main.ts log-level ${words}`);
    await client.call('Version', {}, DEADLINE);
    t.equal(logLevel(''), '3\n');
    t.match(logLevel('4 --for 10m'), /^4 until \d\d:\d\d:\d\d, then 3\n$/);
    await client.call('Status', {}, DEADLINE);
    t.match(await find(/^Status response/), { PRIORITY: '7', CRIPROXY_LEVEL: '4', CRIPROXY_FIELDS: /RuntimeReady/ });
    t.equal(logLevel('3 --for 0'), '3\n');
    const messages = entriesOf(node).map(each => each['MESSAGE']!);
    t.notOk(messages.some(message => message.startsWith('Version request')));
    t.ok(messages.includes('the log level is 3 now'));
  });

  await t.test('the last line before the end is there, with its fields', async t => {
    node.must('systemctl restart criproxy');
    t.match(await find(/^stopped$/), { SYSLOG_IDENTIFIER: 'criproxy', CRIPROXY_LEVEL: '0', _TRANSPORT: 'journal' });
  });

  await t.test('without its sender it logs on, with priorities, after one warning', async t => {
    node.must('pkill -KILL criproxy-log');
    const again = connect(node.path('/run/criproxy.sock'));
    t.teardown(() => again.close());
    await find(/^the log goes to stderr without its fields/);
    await again.ask('StopContainer', { container_id: 'elsewhere', timeout: 5 }, DEADLINE);
    await waitFor('a line from stderr', () =>
      entriesOf(node).find(each => each['_TRANSPORT'] === 'stdout' && /^StopContainer failed/.test(each['MESSAGE']!)),
    );
    const plain = entriesOf(node).filter(each => each['_TRANSPORT'] === 'stdout');
    const priorities = plain.map(({ MESSAGE, PRIORITY }) => `${MESSAGE!.split(' ').slice(0, 2).join(' ')} ${PRIORITY}`);
    const own = priorities.filter(each => /^(?:the log|StopContainer) /.test(each));
    t.strictSame(own.slice(-3), ['the log 4', 'StopContainer request 7', 'StopContainer failed: 6']);
  });
});
