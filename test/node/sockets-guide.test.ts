import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';
import { parse } from 'yaml';
import { startReloadDaemon } from '../app/operate/reload-daemon.ts';
import { askPatiently, checkImages, checkMethods, idsOf, openedByPod, startPodIn } from '../docs/sockets-agents.ts';
import { type Action, CONFIG, monitoring, stepsFor } from '../docs/sockets-page.ts';
import { startAgent } from '../support/agent.ts';
import { startContainerd } from '../support/containerd.ts';
import type { Message } from '../support/cri-types.ts';
import { proxyCommand } from '../support/proxy.ts';
import { needs } from '../support/require.ts';

const run = promisify(execFile);

test('the examples for agents, with the pods of a real containerd', needs('root', 'demo'), async t => {
  const containerd = await startContainerd();
  t.teardown(() => containerd.stop());
  const rules: { sockets: Message[]; [key: string]: unknown } = { sockets: [] };
  const runtimes = [{ socket: containerd.socketPath }];
  const daemon = await startReloadDaemon(t, { ids: 'raw', runtimes });
  const { client, dir, file, adminSocket } = daemon;
  const folder = join(dir, 'agents');
  mkdirSync(folder);
  for (const each of [dir, folder]) chmodSync(each, 0o755);
  const [own, foreign] = [await startPodIn(client, 'team-a'), await startPodIn(client, 'team-b')];

  const config = async (socket: Message, more: Message) => {
    Object.assign(rules, more);
    rules.sockets.push(socket);
    daemon.write({ runtimes, ...rules });
    const [program, args] = proxyCommand(['reload', '--admin-socket', adminSocket]);
    t.notMatch((await run(program, args)).stdout, /warning/);
  };

  /** Carries out the steps without a socket unit: the daemon makes the socket here, and groups have numbers alone. */
  const walk = async (name: string, actions: readonly Action[]) => {
    let group = 0;
    for (const action of actions) {
      if ('file' in action) {
        if (action.file !== CONFIG) continue;
        const { sockets, ...more } = parse(action.content) as { sockets: [Message] };
        t.strictSame([sockets[0]['path'], sockets[0]['group']], [`/run/criproxy-agents/${name}.sock`, name]);
        await config({ ...sockets[0], path: join(folder, `${name}.sock`), group: String(group) }, more);
        continue;
      }
      const [, gid] = /^groupadd --system --gid (\d+) \w+$/.exec(action.command) ?? [];
      if (gid !== undefined) group = Number(gid);
      const [, command] = /^criproxy (config check|status)\b/.exec(action.command) ?? [];
      if (command === undefined) continue;
      const words = command === 'status' ? ['status', '--admin-socket', adminSocket] : ['config', 'check', file];
      const [program, args] = proxyCommand(words);
      const { stdout } = await run(program, args);
      t.match(stdout.replace(/\s+/g, ''), command === 'status' ? `${name}.sock:` : ':ok,1runtimes', action.command);
    }
    const { path, allow } = rules.sockets.at(-1) as { path: string; allow: string[] };
    const { mode, gid } = statSync(path);
    t.strictSame([(mode & 0o777).toString(8), gid], ['660', group]);
    return { path, file: path, allow, group };
  };

  await t.test('a monitoring agent', async t => {
    const answers = await checkMethods(t, await walk('monitoring', monitoring), own, client);
    t.strictSame(idsOf(answers.get('ListPodSandbox'), 'items'), [own.pod, foreign.pod].sort());
    t.strictSame(idsOf(answers.get('ListContainers'), 'containers'), [own.container, foreign.container].sort());
    t.equal(answers.get('ContainerStatus')?.['info'].info, '<redacted>');
  });

  await t.test('a log agent', async t => {
    const socket = await walk('logs', stepsFor('logs', 'A log agent'));
    const answers = await checkMethods(t, socket, own, client);
    t.strictSame(idsOf(answers.get('ListPodSandbox'), 'items'), [own.pod]);
    t.strictSame(idsOf(answers.get('ListContainers'), 'containers'), [own.container]);
    t.equal(answers.get('ContainerStatus')?.['status'].log_path, '/var/log/pods/team-a/web-0.log');
    const agent = startAgent(socket.file, [socket.group]);
    t.teardown(() => agent.stop());
    const code = async (id: string) => (await askPatiently(agent, 'ContainerStatus', { container_id: id })).code;
    t.strictSame(
      [await code(foreign.container), await code(foreign.container.slice(0, 12))],
      [5, 5],
      'of another team',
    );
    t.equal(await code(own.container.slice(0, 12)), 0);
  });

  await t.test('a security scanner', async t => {
    checkImages(
      t,
      await checkMethods(t, await walk('scanner', stepsFor('scanner', 'A security scanner')), own, client),
    );
  });

  await t.test("the agent's pod may open its socket, and no other", async t => {
    t.strictSame(await openedByPod(client, folder, ['monitoring', 'logs', 'scanner']), ['monitoring']);
  });
});
