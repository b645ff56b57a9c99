import { test } from 'tap';
import { type ApplyOptions, applySetup } from '../../src/setup/apply.ts';
import { inspectKubelet } from '../../src/setup/kubelet.ts';
import { revertSetup } from '../../src/setup/revert.ts';
import { PodsLeft } from '../../src/setup/secondary-pods.ts';
import { SetupError } from '../../src/setup/setup-error.ts';
import { type FakeHost, makeHost } from './fake-host.ts';
import { layouts } from './layouts.ts';
import { applyOptions, endpointOf as endpointUrlOf, listen, revertOptions as stop } from './set-up.ts';

const RECORD = '/var/lib/criproxy/setup.json';
const options: ApplyOptions = { ...applyOptions, other: 'kata:/run/kata.sock' };

function endpointOf(host: FakeHost): string | undefined {
  return endpointUrlOf(host)?.replace('unix://', '');
}

for (const layout of layouts) {
  test(`setup.json is lost, and the kubelet gets its own runtime back: ${layout.name}`, async t => {
    const host = makeHost(layout.files, layout.minor);
    const before = endpointOf(host);
    await applySetup(host, options);
    host.content.delete(RECORD);
    host.journal.length = 0;
    await revertSetup(host, stop);
    const kubelet = inspectKubelet(host.files, host)!;
    // The set-up recognizes a drop-in of its own: without it, the kubelet has its default.
    t.ok([before, kubelet.usesDocker ? before : layout.primary].includes(endpointOf(host)), `${endpointOf(host)}`);
    t.equal(host.journal.filter(line => line === 'restart kubelet.service').length, 1);
  });
}

/** Kubernetes 1.20 with containerd; kubeadm-flags.env has the endpoint. */
const { files, minor } = layouts[3]!;
const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';

const byHand = (kubelet: string) => ({
  ...files,
  [FLAGS]: `KUBELET_KUBEADM_ARGS="--container-runtime=remote --container-runtime-endpoint=unix://${listen}"\n`,
  '/etc/systemd/system/criproxy.service': `[Service]\nExecStart=/usr/bin/criproxy -connect ${kubelet} -listen ${listen}\n`,
});

test('set up by hand, removed by the package: the primary is that of the unit', async t => {
  const host = makeHost(byHand('/run/crio/crio.sock,kata:/run/kata.sock'), minor);
  const { done } = await revertSetup(host, stop);
  t.equal(endpointOf(host), '/run/crio/crio.sock');
  t.match(done.join('\n'), /kubeadm-flags\.env: --container-runtime-endpoint=unix:\/\/\/run\/crio\/crio\.sock/);
});

test('no other endpoint is known: removal refuses, and changes nothing', async t => {
  const before = byHand('');
  const host = makeHost(before, minor);
  const fault = await revertSetup(host, stop).catch(error => error);
  t.ok(fault instanceof SetupError);
  t.match(fault, { kind: 'failed', saw: /no server listens/, remedy: /criproxy setup apply --primary/ });
  t.same(Object.fromEntries(host.content), before);
  t.notOk(host.journal.includes('stop criproxy.service'));
  const { strange } = await revertSetup(host, { ...stop, force: true });
  t.match(strange, { saw: /no server listens/ }, 'unless it is forced');
});

test('the endpoint of then is served no more: the kubelet gets the primary of now', async t => {
  const host = makeHost(files, minor);
  await applySetup(host, options);
  await applySetup(host, { ...options, primary: 'cri-o' });
  await revertSetup(host, stop);
  t.equal(endpointOf(host), '/run/crio/crio.sock', 'nobody serves that of containerd');
});

test('the endpoint of then is served still: the kubelet gets it back', async t => {
  const host = makeHost(files, minor);
  await applySetup(host, options);
  await applySetup(host, { ...options, primary: 'cri-o' });
  host.isListening = async socket => socket === '/run/containerd/containerd.sock';
  await revertSetup(host, stop);
  t.equal(endpointOf(host), '/run/containerd/containerd.sock');
});

const twice = { '/etc/systemd/system/kubelet.service': '[Service]\nExecStart=/bin/true\nExecStart=/usr/bin/kubelet\n' };

for (const [name, content] of [
  ['a kubelet that is not understood', twice],
  ['a node without kubelet.service', {}],
] as const) {
  test(`${name}: removal refuses while something is connected to the socket`, async t => {
    const host = makeHost(content, 31);
    host.socketConnections = 2;
    await t.rejects(revertSetup(host, stop), SetupError);
    t.notOk(host.journal.includes('stop criproxy.service'));
    host.socketConnections = 0;
    await revertSetup(host, stop);
    t.ok(host.journal.includes('stop criproxy.service'));
  });
}

test('an earlier try ended before the kubelet was restarted: it is restarted now', async t => {
  const host = makeHost(files, minor);
  await applySetup(host, options);
  host.content.set(FLAGS, files[FLAGS]!);
  host.journal.length = 0;
  await revertSetup(host, stop);
  t.ok(host.journal.indexOf('restart kubelet.service') < host.journal.indexOf('stop criproxy.service'));
  t.ok(host.journal.includes('restart kubelet.service'));
});

test('the files were changed by hand, and the running kubelet uses the socket: it is restarted', async t => {
  const host = makeHost(files, minor);
  host.socketConnections = 2;
  await revertSetup(host, stop);
  t.ok(host.journal.includes('restart kubelet.service'));
});

test('pods on other runtimes: nothing is changed, and they are named', async t => {
  const host = makeHost(files, minor);
  await applySetup(host, options);
  const applied = new Map(host.content);
  host.pods.set('/run/kata.sock', ['default/vm-1']);
  const runtimes = [
    { id: '', socket: '/run/containerd/containerd.sock', isPrimary: true, pods: 9, isLost: false },
    { id: 'kata', socket: '/run/kata.sock', isPrimary: false, pods: 7, isLost: false },
    { id: 'gone', socket: '/run/gone.sock', isPrimary: false, pods: 2, isLost: false },
    { id: 'never', socket: '/run/never.sock', isPrimary: false, pods: undefined, isLost: false },
    { id: 'lost', socket: '/run/lost.sock', isPrimary: false, pods: undefined, isLost: true },
  ];
  host.runtimes = runtimes;
  const fault = await revertSetup(host, stop).catch(error => error);
  t.ok(fault instanceof PodsLeft);
  t.same(fault.runtimes, [
    { id: 'kata', pods: ['default/vm-1'], count: 1 },
    { id: 'gone', pods: undefined, count: 2 },
    { id: 'lost', pods: undefined, count: undefined },
  ]);
  t.same(new Map(host.content), applied);
  host.runtimes = undefined;
  const asked = await revertSetup(host, stop).catch(error => error);
  t.same(asked.runtimes, [{ id: 'kata', pods: ['default/vm-1'], count: 1 }], 'without the daemon, by its settings');
  await revertSetup(host, { ...stop, force: true });
  t.equal(endpointOf(host), '/run/containerd/containerd.sock');
});

test('pods on other runtimes are no matter to a kubelet that is not on criproxy', async t => {
  const host = makeHost(files, minor);
  host.runtimes = [{ id: 'kata', socket: '/run/kata.sock', isPrimary: false, pods: 2, isLost: false }];
  await revertSetup(host, stop);
  t.ok(host.journal.includes('stop criproxy.service'));
});
