// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables are those of snaps
import { test } from 'tap';
import { applySetup } from '../../src/setup/apply.ts';
import { inspectKubelet } from '../../src/setup/kubelet.ts';
import { revertSetup } from '../../src/setup/revert.ts';
import { readStatus } from '../../src/setup/setup-status.ts';
import { makeHost } from './fake-host.ts';
import { CONFIG, config, ETC_UNIT, unit } from './kubeadm-files.ts';
import { listen, applyOptions as options, revertOptions } from './set-up.ts';

const ours = `unix://${listen}`;

type Files = Readonly<Record<string, string>>;

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly files: Files;
  /** The runtime before, by the distribution's own settings. */
  readonly primary: string;
  /** The file that must change, and the text that it must have then. */
  readonly changes: readonly [file: string, holds: RegExp];
}

const K3S = '/etc/systemd/system/k3s.service';
const k3s = (flags = '') => unit(`/usr/local/bin/k3s \\\n    server \\\n${flags}`);
const K3S_CONFIG = '/etc/rancher/k3s/config.yaml';
const ownContainerd = '/run/k3s/containerd/containerd.sock';
const MICROK8S = '/var/snap/microk8s/current/args/kubelet';

const rows: readonly Row[] = [
  {
    name: 'k3s with its own containerd',
    unit: 'k3s.service',
    files: { [K3S]: k3s(), [K3S_CONFIG]: 'write-kubeconfig-mode: "0644"\nkubelet-arg:\n- max-pods=50\n' },
    primary: ownContainerd,
    changes: [
      `${K3S_CONFIG}.d/zz-criproxy.yaml`,
      /^kubelet-arg\+:\n- container-runtime-endpoint=unix:\/\/\/run\/criproxy\.sock$/m,
    ],
  },
  {
    name: 'k3s with a runtime of the node',
    unit: 'k3s.service',
    files: { [K3S]: k3s(), [K3S_CONFIG]: 'container-runtime-endpoint: /run/containerd/containerd.sock\n' },
    primary: '/run/containerd/containerd.sock',
    changes: [`${K3S_CONFIG}.d/zz-criproxy.yaml`, /^container-runtime-endpoint: unix:\/\/\/run\/criproxy\.sock$/m],
  },
  {
    name: 'a k3s agent with a configuration elsewhere',
    unit: 'k3s-agent.service',
    files: {
      '/etc/systemd/system/k3s-agent.service': unit('/usr/local/bin/k3s agent --config=/opt/k3s.yaml'),
      '/opt/k3s.yaml': 'token: x\n',
    },
    primary: ownContainerd,
    changes: ['/opt/k3s.yaml.d/zz-criproxy.yaml', /kubelet-arg\+:/],
  },
  {
    name: 'rke2, with a configuration in several files',
    unit: 'rke2-agent.service',
    files: {
      '/usr/local/lib/systemd/system/rke2-agent.service': unit('/usr/local/bin/rke2 agent'),
      '/etc/rancher/rke2/config.yaml': 'kubelet-arg: max-pods=50\n',
      '/etc/rancher/rke2/config.yaml.d/10-x.yaml': 'kubelet-arg+:\n- v=2\n',
    },
    primary: ownContainerd,
    changes: ['/etc/rancher/rke2/config.yaml.d/zz-criproxy.yaml', /kubelet-arg\+:/],
  },
  {
    name: 'a k0s worker with arguments for the kubelet',
    unit: 'k0sworker.service',
    files: {
      '/etc/systemd/system/k0sworker.service': unit(
        '/usr/local/bin/k0s worker --token-file=/etc/k0s.token "--kubelet-extra-args=--node-ip=10.0.0.5 --v=2"',
      ),
    },
    primary: '/run/k0s/containerd.sock',
    changes: [
      '/etc/systemd/system/k0sworker.service.d/zz-criproxy.conf',
      /"--kubelet-extra-args=--node-ip=10\.0\.0\.5 --v=2 --container-runtime-endpoint=unix:\/\/\/run\/criproxy\.sock"$/m,
    ],
  },
  {
    name: 'a k0s controller that runs pods, with a runtime of the node',
    unit: 'k0scontroller.service',
    files: {
      '/etc/systemd/system/k0scontroller.service': unit(
        '/usr/local/bin/k0s controller --single --cri-socket=remote:unix:///run/crio/crio.sock',
      ),
    },
    primary: '/run/crio/crio.sock',
    changes: [
      '/etc/systemd/system/k0scontroller.service.d/zz-criproxy.conf',
      /--kubelet-extra-args=--container-runtime/,
    ],
  },
  {
    name: 'MicroK8s',
    unit: 'snap.microk8s.daemon-kubelite.service',
    files: {
      '/etc/systemd/system/snap.microk8s.daemon-kubelite.service': unit('/usr/bin/snap run microk8s.daemon-kubelite'),
      [MICROK8S]:
        '--root-dir=${SNAP_COMMON}/var/lib/kubelet\n--container-runtime-endpoint=${SNAP_COMMON}/run/containerd.sock\n--v=2\n',
    },
    primary: '/var/snap/microk8s/common/run/containerd.sock',
    changes: [MICROK8S, /^--container-runtime-endpoint=unix:\/\/\/run\/criproxy\.sock\n--v=2$/m],
  },
];

for (const row of rows) {
  test(row.name, async t => {
    const host = makeHost(row.files, 31, 'inactive');
    host.services.set(row.unit, { active: 'active', pid: 50, restarts: 0 });
    const before = readStatus(host, listen).kubelet!;
    t.match(before.next, { toDo: 'criproxy setup apply' });
    t.match(before.next!.settings.join(), row.changes[0], 'status names the file, and the setting');
    t.match(before.next!.settings.join(), /container-runtime-endpoint[=:] ?unix:\/\/\/run\/criproxy\.sock/);
    const { left } = await applySetup(host, options);
    t.equal(left, undefined);
    t.match(host.content.get('/etc/criproxy/runtimes.env'), `CRIPROXY_CONNECT=${row.primary}\n`);
    const [file, holds] = row.changes;
    t.match(host.content.get(file), holds);
    t.equal(inspectKubelet(host.files, host)?.endpoint?.value, ours);
    t.ok(host.journal.includes(`restart ${row.unit}`), 'its own service is restarted');
    t.notOk(host.journal.some(line => line.includes('kubelet.service')));
    t.match(readStatus(host, listen), { kubelet: { usesCriproxy: true }, running: { usesCriproxy: 'yes' } });
    t.same((await applySetup(host, options)).done, [], 'the second time there is nothing to do');
    host.journal.length = 0;
    await revertSetup(host, revertOptions);
    t.ok(host.journal.includes(`restart ${row.unit}`));
    host.content.delete('/etc/criproxy/runtimes.env');
    host.content.delete('/var/lib/criproxy/setup.json');
    t.same(Object.fromEntries(host.content), row.files, 'revert puts every byte back');
  });
}

interface ByHand {
  readonly name: string;
  readonly files: Files;
  readonly says: { readonly where: RegExp; readonly saw: RegExp; readonly remedy: RegExp };
}

const byHand: readonly ByHand[] = [
  {
    name: 'k3s with --kubelet-arg in its command, which beats the file',
    files: { [K3S]: k3s('    --kubelet-arg=max-pods=50') },
    says: {
      where: /k3s\.service$/,
      saw: /the command of k3s has --kubelet-arg/,
      remedy: /--kubelet-arg=container-runtime-endpoint=unix:\/\/\/run\/criproxy\.sock there.*restart k3s\.service/,
    },
  },
  {
    name: 'k3s with its endpoint in its command',
    files: { [K3S]: k3s('    --container-runtime-endpoint=/run/crio/crio.sock') },
    says: { where: /k3s\.service$/, saw: /has --container-runtime-endpoint/, remedy: /restart k3s\.service/ },
  },
  {
    name: 'the kubelet’s own snap',
    files: { '/etc/systemd/system/snap.kubelet-eks.daemon.service': unit('/usr/bin/snap run kubelet-eks.daemon') },
    says: {
      where: /snap\.kubelet-eks\.daemon\.service/,
      saw: /snap/,
      remedy: /snap set kubelet-eks container-runtime-endpoint=unix:\/\/\/run\/criproxy\.sock/,
    },
  },
];

for (const { name, files, says } of byHand) {
  test(`by hand: ${name}`, async t => {
    const host = makeHost(files, 31, 'inactive');
    t.match(readStatus(host, listen).kubelet!.next!.toDo, says.remedy);
    const { left } = await applySetup(host, options);
    t.match(left, says);
  });
}

const script = { [ETC_UNIT]: unit('/opt/start-kubelet --fast'), [CONFIG]: config() };
const below = (...flags: readonly string[]) => [
  { pid: 1, args: ['/bin/sh', '/opt/start-kubelet', '--fast'] },
  { pid: 2, args: ['/usr/bin/kubelet', ...flags] },
];

test('a kubelet below a script, with its endpoint in its configuration', async t => {
  const host = makeHost(script, 31);
  host.processes = () => below(`--config=${CONFIG}`);
  t.equal((await applySetup(host, options)).left, undefined);
  t.match(host.content.get(CONFIG), `containerRuntimeEndpoint: ${ours}\n`);
  await revertSetup(host, revertOptions);
  t.equal(host.content.get(CONFIG), config());
});

test('a kubelet below a script that gives it its endpoint', async t => {
  const host = makeHost(script, 31);
  host.processes = () => below(`--config=${CONFIG}`, '--container-runtime-endpoint=/run/crio/crio.sock');
  const { left } = await applySetup(host, options);
  t.match(left, {
    where: '/opt/start-kubelet',
    saw: /gives it --container-runtime-endpoint=\/run\/crio\/crio\.sock/,
    remedy: /give the kubelet --container-runtime-endpoint=unix:\/\/\/run\/criproxy\.sock there/,
  });
  t.equal(host.content.get(CONFIG), config());
});

test('a kubelet without a folder in ExecStart=', async t => {
  const files = { [ETC_UNIT]: unit(`kubelet --config=${CONFIG}`), [CONFIG]: config(), '/usr/local/bin/kubelet': '' };
  const host = makeHost(files, 31);
  t.equal((await applySetup(host, options)).left, undefined);
  t.match(host.content.get(CONFIG), `containerRuntimeEndpoint: ${ours}\n`);
});

test('a kubelet of a service of another name, while it runs', async t => {
  const files = { '/etc/systemd/system/node-agent.service': unit('/opt/bin/kubelet --v=2') };
  const host = makeHost(files, 31, 'inactive');
  t.equal(inspectKubelet(host.files, host), undefined);
  host.kubeletUnits = () => ['of-a-container.service', 'node-agent.service'];
  host.services.set('node-agent.service', { active: 'active', pid: 9, restarts: 0 });
  const { done, left } = await applySetup(host, options);
  t.equal(left, undefined);
  t.match(
    host.content.get('/etc/systemd/system/node-agent.service.d/zz-criproxy.conf'),
    `--container-runtime-endpoint=${ours}`,
  );
  t.match(done.at(-1), /^restarted the kubelet, node-agent\.service: it is connected to/);
  await revertSetup(host, revertOptions);
  t.same(host.content.get('/etc/systemd/system/node-agent.service.d/zz-criproxy.conf'), undefined);
  t.equal(host.journal.filter(line => line === 'restart node-agent.service').length, 2);
});

test('a k0s controller without pods has no kubelet', async t => {
  const host = makeHost({ '/etc/systemd/system/k0scontroller.service': unit('/usr/local/bin/k0s controller') }, 31);
  t.equal(inspectKubelet(host.files, host), undefined);
});
