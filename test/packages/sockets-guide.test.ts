import { type Test, test } from 'tap';
import { parse, stringify } from 'yaml';
import { checkImages, checkMethods, idsOf, openedByPod, startPodIn } from '../docs/sockets-agents.ts';
import { type Action, CONFIG, monitoring, stepsFor, wayBack } from '../docs/sockets-page.ts';
import { layouts } from '../setup/layouts.ts';
import { startAgent } from '../support/agent.ts';
import { busyboxImage } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { needs } from '../support/require.ts';
import { bootKubeletNode, importPause, type KubeletNode } from './kubelet-node.ts';

const hostNetwork = { security_context: { namespace_options: { network: 'NODE' } } };

/** The node of the guide, and the rules so far: each example adds its socket. */
interface Walk {
  readonly node: KubeletNode;
  readonly config: { sockets: Message[]; [key: string]: unknown };
}

/** Carries out the actions; a file with rules adds its socket to the file that is there. */
function walk({ node, config }: Walk, actions: readonly Action[]): string {
  const output: string[] = [];
  for (const action of actions) {
    if ('command' in action) output.push(node.must(action.command));
    else if (action.file === CONFIG) {
      const { sockets, ...more } = parse(action.content) as { sockets: Message[] };
      config.sockets.push(...sockets);
      Object.assign(config, more);
      node.write(CONFIG, stringify(config));
    } else if (action.file.startsWith('/')) node.write(action.file, action.content);
  }
  return output.join('');
}

/** The socket that was added last. */
function lastSocket({ node, config }: Walk) {
  const { path, allow, group } = config.sockets.at(-1) as { path: string; allow: string[]; group: string };
  const id = Number(node.must(`getent group ${group}`).split(':')[2]);
  return { path, file: node.path(path), allow, group: id };
}

test('the page is walked on a node with the package', needs('root', 'node', 'packages'), async t => {
  const node = await bootKubeletNode(layouts[10]!);
  t.teardown(() => node.remove());
  importPause(node, [{ ref: busyboxImage }]);
  node.must('dpkg -i /opt/packages/criproxy.deb');
  const client = connect(node.path('/run/criproxy.sock'));
  t.teardown(() => client.close());
  const own = await startPodIn(client, 'team-a', hostNetwork);
  const foreign = await startPodIn(client, 'team-b', hostNetwork);
  const walked: Walk = { node, config: { sockets: [] } };

  await t.test('a monitoring agent', async t => {
    const said = walk(walked, monitoring);
    t.match(said, /config\.yaml: ok/);
    t.match(said.replace(/\s+/g, ''), /monitoring\.sock:read;redacted;100calls\/s:0connected/, 'its line of status');
    t.match(said, /^srw-rw---- root:monitoring$/m);
    const answers = await checkMethods(t, lastSocket(walked), own, client);
    t.strictSame(idsOf(answers.get('ListPodSandbox'), 'items'), [own.pod, foreign.pod].sort());
  });

  await t.test('a log agent', async t => {
    walk(walked, stepsFor('logs', 'A log agent'));
    const answers = await checkMethods(t, lastSocket(walked), own, client);
    t.strictSame(idsOf(answers.get('ListPodSandbox'), 'items'), [own.pod]);
    t.strictSame(idsOf(answers.get('ListContainers'), 'containers'), [own.container]);
  });

  await t.test('a security scanner', async t => {
    walk(walked, stepsFor('scanner', 'A security scanner'));
    checkImages(t, await checkMethods(t, lastSocket(walked), own, client));
  });

  await t.test("the agent's pod may open its socket, and no other", async t => {
    const names = ['monitoring', 'logs', 'scanner'];
    t.strictSame(await openedByPod(client, '/run/criproxy-agents', names, hostNetwork), ['monitoring']);
  });

  await t.test('a restart of the daemon leaves the sockets, and a client waits', async t => {
    const before = node.must('stat -c %i /run/criproxy-agents/*.sock');
    node.must('systemctl restart criproxy');
    t.equal(node.must('stat -c %i /run/criproxy-agents/*.sock'), before);
    const agent = startAgent(node.path('/run/criproxy-agents/logs.sock'), [902]);
    t.teardown(() => agent.stop());
    t.equal((await agent.ask('Version')).code, 0);
  });

  await checkUnits(t, walked);

  await t.test('the way back', async t => {
    const { config } = walked;
    config.sockets = config.sockets.filter(({ group }) => group !== 'monitoring');
    node.write(CONFIG, stringify(config));
    walk(walked, wayBack);
    t.equal(node.run('systemctl is-active criproxy-monitoring.socket').stdout, 'inactive\n');
    t.notMatch(node.must('criproxy status'), /monitoring\.sock/);
    t.equal(node.must('systemctl is-active criproxy kubelet'), 'active\nactive\n');
  });
});

/** What the page says of socket units. */
async function checkUnits(t: Test, { node, config }: Walk): Promise<void> {
  const write = (more: readonly Message[]) =>
    node.write(CONFIG, stringify({ ...config, sockets: [...config.sockets, ...more] }));
  const unit = (lines: string) =>
    `[Socket]\n${lines}\nService=criproxy.service\n\n[Install]\nWantedBy=sockets.target criproxy.service\n`;

  await t.test('a group without a unit is told with the remedy, and costs no other socket', async t => {
    write([
      { path: '/run/criproxy/own.sock', allow: ['read'] },
      { path: '/run/criproxy/grouped.sock', group: 'logs', allow: ['read'] },
    ]);
    const remedy =
      /grouped\.sock is not served: mode 0660 and group logs cannot be given to it \(EPERM\); let a socket unit make it, with SocketMode=0660 and SocketGroup=logs/;
    const reload = node.run('criproxy reload');
    t.match(reload.stdout + reload.stderr, remedy);
    t.match(node.run('criproxy doctor').stdout.replace(/\s+/g, ' '), remedy);
    t.match(node.must('ls /run/criproxy'), /^own\.sock\n$/, 'the other is served');
    t.equal(node.must('stat -c "%a %U:%G" /run/criproxy/own.sock'), '660 root:root\n');
  });

  await t.test('one unit with several sockets, a name of its own, and a path through a link', async t => {
    const lines = [
      'ListenStream=/run/several/one.sock',
      'ListenStream=/run/several/two.sock',
      'FileDescriptorName=odd',
    ];
    node.write(
      '/etc/systemd/system/several.socket',
      unit([...lines, 'SocketMode=0660', 'SocketGroup=logs'].join('\n')),
    );
    write([
      { path: '/var/run/several/one.sock', group: 'logs', allow: ['Version'] },
      { path: '/run/several/two.sock', group: 'logs', mode: '0600', allow: ['Version'] },
    ]);
    node.must('systemctl enable several.socket && systemctl restart criproxy');
    const status = node.must('criproxy status').replace(/\s+/g, '');
    t.match(status, /\/var\/run\/several\/one\.sock:Version;100calls\/s:0connected/);
    t.match(status, /\/run\/several\/two\.sock:Version;100calls\/s:0connected/);
    t.equal(node.must('stat -c "%a %U:%G" /run/several/two.sock'), '600 root:logs\n', 'the mode of the configuration');
    const agent = startAgent(node.path('/run/several/one.sock'), [902]);
    t.teardown(() => agent.stop());
    t.equal((await agent.ask('Version')).code, 0);
    t.equal((await agent.ask('Status')).code, 7);
  });

  await t.test("units that the configuration does not have never keep the node's socket from it", async t => {
    write([]);
    node.must('systemctl restart criproxy');
    t.match(
      node.must('journalctl -u criproxy -o cat --no-pager'),
      /systemd listens at \/run\/several\/one\.sock, which is not in sockets/,
    );
    t.equal(node.must('systemctl is-active criproxy'), 'active\n');
    node.must(
      'systemctl disable --now several.socket && rm /etc/systemd/system/several.socket && systemctl daemon-reload',
    );
  });
}
