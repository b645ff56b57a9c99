import { test } from 'tap';
import { applySetup } from '../../src/setup/apply.ts';
import { revertSetup } from '../../src/setup/revert.ts';
import { makeHost } from './fake-host.ts';
import { layouts } from './layouts.ts';
import { endpointOf, listen, applyOptions as options, revertOptions } from './set-up.ts';

const remote = '--container-runtime=remote';

/** Kubelets that talked to Docker, with the file that got --container-runtime=remote. */
const onDocker = layouts.filter(layout => layout.primary === '/run/dockershim.sock');

for (const layout of onDocker) {
  test(`a new kubelet 1.27 gets no flag that it refuses: ${layout.name}`, async t => {
    const host = makeHost(layout.files, layout.minor);
    await applySetup(host, { ...options, primary: 'containerd' });
    const edited = layout.changes[0]!;
    t.match(host.content.get(edited), remote);
    host.askVersion = () => 'Kubernetes v1.27.1';
    const { done, left } = await applySetup(host, { ...options, primary: 'containerd' });
    t.equal(left, undefined);
    t.notMatch(host.content.get(edited) ?? '', remote, 'the flag is gone');
    t.equal(endpointOf(host), `unix://${listen}`, 'the endpoint is not');
    t.match(done.join('\n'), 'restarted the kubelet');
    const edits = JSON.parse(host.content.get('/var/lib/criproxy/setup.json')!).edits as readonly unknown[];
    t.equal(edits.length, 1, 'the record holds what is in force, and no more');
    await revertSetup(host, revertOptions);
    t.equal(host.content.get(edited), layout.files[edited], 'revert puts every byte back');
  });
}

test('a drop-in of its own follows the command of a new kubelet', async t => {
  const layout = layouts.find(({ name }) =>
    name.startsWith('1.31, custom unit with every flag in ExecStart in /usr/lib'),
  )!;
  const host = makeHost(layout.files, layout.minor);
  await applySetup(host, options);
  const unit = '/usr/lib/systemd/system/kubelet.service';
  host.content.set(unit, layout.files[unit]!.replace('--v=2', '--v=3'));
  t.match((await applySetup(host, options)).done.join('\n'), 'restarted the kubelet');
  t.match(host.content.get(layout.changes[0]!), '--v=3');
  t.same((await applySetup(host, options)).done, []);
});

test('a file that kubeadm wrote anew is edited again, and recorded once', async t => {
  const { files, minor } = layouts[3]!;
  const flags = '/var/lib/kubelet/kubeadm-flags.env';
  const host = makeHost(files, minor);
  await applySetup(host, options);
  host.content.set(flags, files[flags]!.replace('pause:3.6', 'pause:3.7'));
  await applySetup(host, options);
  t.equal(endpointOf(host), `unix://${listen}`);
  const { edits } = JSON.parse(host.content.get('/var/lib/criproxy/setup.json')!) as { edits: readonly unknown[] };
  t.equal(edits.length, 1);
});
