import { join } from 'node:path';
import { test } from 'tap';
import type { TracedCall, TraceLine } from '../../src/admin/api/trace-line.ts';
import { adminSocketOf, outcomeOf, startRuntime, startTrace } from '../cli/trace/trace-command-lab.ts';
import { makeFolder } from '../daemon/daemon.ts';
import { waitFor } from '../support/child.ts';
import { busyboxImage, startContainerd } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import { removePod, runContainer, runPod } from '../support/pods.ts';
import { startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';

const lifeOfPod = [
  'RunPodSandbox',
  'CreateContainer',
  'StartContainer',
  'ContainerStatus',
  'ExecSync',
  'StopPodSandbox',
  'RemovePodSandbox',
];

/** Each filter, and the methods that it shows. */
const rows: ReadonlyArray<readonly [args: readonly string[], seen: readonly string[]]> = [
  [['--pod', 'tests/pod-*'], lifeOfPod],
  [['--pod', 'kube-system/*'], []],
  [
    ['--runtime', 'alt'],
    ['ListContainers', 'ImageStatus'],
  ],
  [
    ['--runtime', 'primary', '--method', '*PodSandbox'],
    ['RunPodSandbox', 'StopPodSandbox', 'RemovePodSandbox'],
  ],
  [['--method', 'ImageStatus'], ['ImageStatus']],
  [['--errors'], ['StartContainer']],
  [['--slow', '1s', '--method', 'Exec*'], ['ExecSync']],
];

test('traces of a real containerd, a recording and its replay', needs('root', 'demo'), async t => {
  const dir = makeFolder(t);
  const containerd = await startContainerd();
  t.teardown(() => containerd.stop());
  const alt = await startRuntime(join(dir, 'alt.sock'), 'db');
  t.teardown(() => alt.stop());
  const proxy = await startProxy({ connect: `${containerd.socketPath},alt:${alt.socketPath}` });
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  await client.call('ListPodSandbox');
  const admin = adminSocketOf(proxy);
  const file = join(dir, 'recording');
  const [whole, ...filtered] = await Promise.all([
    startTrace(t, admin, '-o', 'json', '--record', file),
    ...rows.map(([args]) => startTrace(t, admin, '-o', 'json', ...args)),
  ]);

  const target = { imagePrefix: '', annotations: {} };
  const pod = await runPod(client, target);
  const envs = [{ key: 'TOKEN', value: Buffer.from('hunter2') }];
  const container_id = await runContainer(client, target, pod, { command: ['sleep', '1000'], envs });
  await client.call('ContainerStatus', { container_id });
  await client.call('ExecSync', { container_id, cmd: ['sleep', '1.2'] });
  await client.ask('StartContainer', { container_id: 'nobody' });
  await client.call('ListContainers');
  await client.call('ImageStatus', { image: { image: busyboxImage } });
  await removePod(client, pod);

  const linesOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as TraceLine)
      .filter(line => line.kind === 'end') as TracedCall[];
  await waitFor('the last call', () => linesOf(whole!.stdout()).some(isLast) || undefined);
  for (const [index, [args, seen]] of rows.entries()) {
    const { child, stdout, ended } = filtered[index]!;
    const methods = () => linesOf(stdout()).map(({ method }) => method);
    await waitFor(`trace ${args.join(' ')}`, () => methods().length >= seen.length || undefined);
    // Each is a process of its own, whose output is whole when it has ended.
    child.kill('SIGINT');
    await ended;
    t.strictSame(methods(), seen, `trace ${args.join(' ')}`);
  }
  const [start] = linesOf(whole!.stdout()).filter(({ method }) => method === 'StartContainer');
  t.match(start, { namespace: 'tests', pod: pod.config['metadata'].name, container: /^c-/, runtimes: ['primary'] });

  whole!.child.kill('SIGINT');
  t.equal(await whole!.ended, 0);
  const replayed = await outcomeOf(t, ['replay', file, '--to', containerd.socketPath, '--only', 'ImageStatus']);
  t.match(replayed, { status: 0, stdout: /ImageStatus .* OK\n1 call .* 1 ended as in the recording/ });
});

function isLast({ method }: TracedCall): boolean {
  return method === 'RemovePodSandbox';
}
