import { test } from 'tap';
import { execChannel, openChannels, openPort } from '../support/channel-socket.ts';
import { removePod, runContainer, runPod } from '../support/pods.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';

const { stdin, stdout, stderr, status } = execChannel;
const payload = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff));

test('exec, attach and port-forward on real runtimes', needs('root', 'demo', 'registry'), async t => {
  const lab = await startTwoRuntimes();
  t.teardown(() => lab.stop());
  const { client } = lab;

  for (const side of lab.sides) {
    const pod = await runPod(client, side);
    const container_id = await runContainer(client, side, pod, {
      command: ['sh', '-c', 'nc -ll -p 7007 -e cat & while read line; do echo "got $line"; done'],
      stdin: true,
    });

    await t.test(`exec on the ${side.name} carries bytes both ways and the exit status`, async t => {
      const cmd = ['sh', '-c', 'echo ready >&2; head -c 100000; exit 7'];
      const { url } = await client.call('Exec', { container_id, cmd, stdin: true, stdout: true, stderr: true });
      t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/exec\//);
      const socket = await openChannels(url);
      await socket.read(stderr, bytes => bytes.equals(Buffer.from('ready\n')));
      for (let at = 0; at < payload.length; at += 10_000) socket.send(stdin, payload.subarray(at, at + 10_000));
      const [echoed, end] = await Promise.all([socket.readAll(stdout), socket.readAll(status)]);
      t.ok(echoed.equals(payload), 'every byte came back');
      const cause = { reason: 'ExitCode', message: '7' };
      t.match(JSON.parse(String(end)), { status: 'Failure', details: { causes: [cause] } });
    });

    await t.test(`attach on the ${side.name} speaks with the running process`, async t => {
      const { url } = await client.call('Attach', { container_id, stdin: true, stdout: true, stderr: true });
      t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/attach\//);
      const socket = await openChannels(url);
      t.teardown(() => socket.close());
      socket.send(stdin, 'one\ntwo\n');
      const answer = await socket.read(stdout, bytes => bytes.includes('two'));
      t.equal(String(answer), 'got one\ngot two\n');
    });

    await t.test(`port-forward on the ${side.name} reaches a server in the pod`, async t => {
      const { url } = await client.call('PortForward', { pod_sandbox_id: pod.id, port: [7007] });
      t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/portforward\//);
      const socket = await openPort(url, 7007);
      t.teardown(() => socket.close());
      const port = Buffer.from([7007 & 0xff, 7007 >> 8]);
      await socket.read(0, bytes => bytes.equals(port));
      for (let at = 0; at < payload.length; at += 10_000) socket.send(0, payload.subarray(at, at + 10_000));
      const echoed = await socket.read(0, bytes => bytes.length >= payload.length + 2);
      t.ok(echoed.equals(Buffer.concat([port, payload])), 'every byte came back');
    });

    await t.test(`exec in a container that the ${side.name} does not have is NotFound`, async t => {
      const missing = `${side.idPrefix}${'0'.repeat(64)}`;
      t.match(await client.ask('Exec', { container_id: missing, cmd: ['true'], stdout: true }), { code: 5 });
    });

    await removePod(client, pod);
  }
});
