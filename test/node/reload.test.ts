import { test } from 'tap';
import { askAdmin } from '../../src/admin/admin-client.ts';
import type { ReloadReport } from '../../src/admin/api/reload-report.ts';
import { listPods, startReloadDaemon } from '../app/operate/reload-daemon.ts';
import type { Containerd } from '../support/containerd.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

const at = (id: string, { socketPath: socket }: Containerd) => (id === '' ? { socket } : { id, socket });

test('a node moves from one runtime to another by reloads', needs('root', 'demo', 'registry'), async t => {
  const lab = await startTwoRuntimes();
  t.teardown(() => lab.stop());
  const [old, next] = [lab.primary.containerd, lab.secondary.containerd];
  const daemon = await startReloadDaemon(t, { runtimes: [at('', old)], ids: 'raw' });
  const { client } = daemon;
  const turnTo = async (...runtimes: object[]) => {
    daemon.write({ runtimes, ids: 'raw' });
    return (await askAdmin(daemon.adminSocket, 'POST', '/v1/reload')) as ReloadReport;
  };
  const plain = { imagePrefix: '', annotations: {} };
  const alt = { imagePrefix: 'alt/', annotations: { 'kubernetes.io/target-runtime': 'alt' } };
  const first = await runPod(client, plain);
  const container = await runContainer(client, plain, first, { command: ['sleep', '3600'] });
  await t.rejects(runPod(client, alt), { code: 3 }, 'nobody has that name yet');

  await turnTo(at('', old), at('alt', next));
  const second = await runPod(client, alt);
  t.strictSame(await listPods(client), [first.id, second.id].sort());
  await runContainer(client, alt, second, { command: ['sleep', '3600'] });

  const swapped = await turnTo(at('', next), at('docker', old));
  t.strictSame(swapped.warnings, [], 'with raw ids nothing is new for the kubelet');
  t.strictSame(await listPods(client), [first.id, second.id].sort());
  const third = await runPod(client, plain);
  t.strictSame(await listPods(lab.secondary.direct), [second.id, third.id].sort(), 'new pods go to the new primary');
  const { status } = await client.call('ContainerStatus', { container_id: container });
  t.equal(status['state'], 'CONTAINER_RUNNING', 'the old ones are where they were');
  const { stdout } = await client.call('ExecSync', { container_id: container, cmd: ['echo', 'here'], timeout: 10n });
  t.equal(String(Buffer.from(stdout)), 'here\n');

  const { warnings } = await turnTo(at('', next));
  t.match(warnings, [/the pods of runtime docker \(1\) are no longer listed/]);
  t.strictSame(await listPods(client), [second.id, third.id].sort());
});
