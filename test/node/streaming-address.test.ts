import { test } from 'tap';
import { execChannel, openChannels } from '../support/channel-socket.ts';
import { startContainerd } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { startProxy } from '../support/proxy.ts';
import { needs } from '../support/require.ts';

for (const streamAddress of ['127.0.0.1', '0.0.0.0', '::', '::1']) {
  test(`an exec URL of a runtime that streams on ${streamAddress} can be dialled`, needs('root', 'demo'), async t => {
    const containerd = await startContainerd({ streamAddress });
    t.teardown(() => containerd.stop());
    const proxy = await startProxy({ connect: containerd.socketPath });
    t.teardown(() => proxy.remove());
    const client = connect(proxy.socketPath);
    t.teardown(() => client.close());
    const target = { imagePrefix: '', annotations: {} };
    const pod = await runPod(client, target);
    const container_id = await runContainer(client, target, pod);

    const { url } = await client.call('Exec', { container_id, cmd: ['echo', 'there'], stdout: true });
    t.notMatch(new URL(url).hostname, /^(0\.0\.0\.0|\[::\])$/, 'an address that means "any" is none');
    const socket = await openChannels(url);
    t.equal(String(await socket.readAll(execChannel.stdout)), 'there\n');
  });
}
