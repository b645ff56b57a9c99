import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { waitFor } from '../support/child.ts';
import { removePod, runContainer, runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

test('container logs on real runtimes', needs('root', 'demo', 'registry'), async t => {
  const lab = await startTwoRuntimes();
  t.teardown(() => lab.stop());
  const { client } = lab;

  for (const side of lab.sides) {
    await t.test(`the ${side.name} writes the log where the kubelet looks, and again after a rotation`, async t => {
      const folder = join(side.containerd.dir, 'logs');
      await mkdir(folder);
      const pod = await runPod(client, side, { log_directory: folder });
      const command = [
        'sh',
        '-c',
        'echo first; echo bad >&2; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo later; sleep 1000',
      ];
      const container_id = await runContainer(client, side, pod, { command, log_path: 'c.log' });
      const file = join(folder, 'c.log');
      t.equal((await client.call('ContainerStatus', { container_id })).status.log_path, file);
      await waitFor('the first lines', async () => (await linesOf(file)).length === 2 || undefined);
      t.same((await linesOf(file)).sort(), ['stderr F bad', 'stdout F first']);

      await rename(file, `${file}.1`);
      await client.call('ReopenContainerLog', { container_id });
      await client.call('ExecSync', { container_id, cmd: ['touch', '/tmp/go'] });
      await waitFor('the line after the rotation', async () => (await linesOf(file)).length === 1 || undefined);
      t.same(await linesOf(file), ['stdout F later']);
      await removePod(client, pod);
    });
  }
});

/** The lines of a CRI log, without their time stamps. */
async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => line.replace(/^\S+ /, ''));
}
