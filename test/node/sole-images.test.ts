import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'tap';
import type { Finding } from '../../src/doctor/finding.ts';
import { writeImageArchive } from '../support/busybox-image.ts';
import { waitFor } from '../support/child.ts';
import { startContainerd } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { runProxy, startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';

const NAME = 'registry.local/app:1';

test(
  'after a change of the primary, doctor names the image that was left behind, and its command moves it',
  needs('root', 'demo'),
  async t => {
    const [old, primary] = await Promise.all([startContainerd(), startContainerd()]);
    t.teardown(() => Promise.all([old.stop(), primary.stop()]));
    const archive = join(old.dir, 'app.tar');
    writeImageArchive(archive, [{ ref: NAME, labels: { only: 'here' } }]);
    execFileSync('ctr', ['-a', old.socketPath, '-n', 'k8s.io', 'images', 'import', archive], { stdio: 'pipe' });
    // The runtime as it ran before criproxy was there.
    const direct = connect(old.socketPath);
    t.teardown(() => direct.close());
    const target = { imagePrefix: '', annotations: {} };
    const pod = await runPod(direct, target);
    await runContainer(direct, target, pod, { image: { image: NAME } });

    const proxy = await startProxy({
      connect: `${primary.socketPath},docker:${old.socketPath}`,
      flags: ['-ids', 'raw'],
    });
    t.teardown(() => proxy.remove());
    const admin = join(dirname(proxy.socketPath), 'state', 'admin.sock');
    const find = async (check: string) => {
      const { stdout } = await runProxy(['doctor', '--admin-socket', admin, '-o', 'json']);
      const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
      return findings.find(finding => finding.check === check);
    };
    const found = await waitFor('the lists', () => find('images-docker'));
    t.match(found, {
      severity: 'warn',
      what: `runtime docker has images of running pods that the primary runtime has not: ${NAME}`,
    });
    t.match((await find('images-docker-only'))?.what, `only runtime docker has this image: ${NAME}`);
    for (const command of found.mend) execFileSync('sh', ['-c', command], { stdio: 'pipe' });
    // The proxy asks for images itself when no client has asked for 40 s.
    const client = connect(proxy.socketPath);
    t.teardown(() => client.close());
    await client.call('ListImages');
    await waitFor('the next list of images', async () => (await find('images-docker')) === undefined || undefined);
    t.equal(await find('images-docker-only'), undefined);
  },
);
