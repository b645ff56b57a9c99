import { test } from 'tap';
import { type ApplyOptions, applySetup } from '../../src/setup/apply.ts';
import { findFlag } from '../../src/setup/command.ts';
import { inspectKubelet } from '../../src/setup/kubelet.ts';
import { revertSetup } from '../../src/setup/revert.ts';
import { failed, SetupError, strange } from '../../src/setup/setup-error.ts';
import { type FakeHost, makeHost } from './fake-host.ts';
import { layouts } from './layouts.ts';
import { applyOptions, endpointOf, listen, revertOptions } from './set-up.ts';
import { strangeLayouts } from './strange-layouts.ts';

const options: ApplyOptions = { ...applyOptions, other: 'virtlet.cloud:/run/virtlet.sock' };

/** The set-up's own files. */
const own = [
  '/etc/criproxy/runtimes.env',
  '/etc/systemd/system/criproxy.service.d/10-primary.conf',
  '/var/lib/criproxy/setup.json',
];

function changedFiles(before: Readonly<Record<string, string>>, host: FakeHost): string[] {
  const paths = new Set([...Object.keys(before), ...host.content.keys()]);
  return [...paths].filter(path => before[path] !== host.content.get(path) && !own.includes(path)).sort();
}

for (const layout of layouts) {
  test(`kubelet ${layout.name}`, async t => {
    const host = makeHost(layout.files, layout.minor);
    const { left } = await applySetup(host, options);
    t.equal(left, undefined, 'it is understood');
    t.equal(endpointOf(host), `unix://${listen}`, 'the kubelet uses criproxy');
    t.same(changedFiles(layout.files, host), [...layout.changes].sort(), 'only what had to change did');
    t.match(
      host.content.get('/etc/criproxy/runtimes.env'),
      `CRIPROXY_CONNECT=${layout.primary},virtlet.cloud:/run/virtlet.sock\n`,
    );
    t.equal(host.journal.filter(line => line === 'restart kubelet.service').length, 1, 'the kubelet is restarted once');
    const kubelet = inspectKubelet(host.files, host)!;
    const remote = findFlag(kubelet.args, 'container-runtime')?.value;
    t.equal(
      remote,
      layout.minor < 24 ? 'remote' : undefined,
      'the flag that 1.27 does not know is there for old kubelets alone',
    );

    const applied = new Map(host.content);
    host.journal.length = 0;
    t.same((await applySetup(host, options)).done, [], 'the second time there is nothing to do');
    t.same(new Map(host.content), applied);
    t.same(host.journal, [`probe ${listen}`]);

    await revertSetup(host, revertOptions);
    host.content.delete('/etc/criproxy/runtimes.env');
    host.content.delete('/var/lib/criproxy/setup.json');
    t.same(Object.fromEntries(host.content), layout.files, 'revert puts every byte back');
  });
}

for (const layout of strangeLayouts) {
  test(`left alone: ${layout.name}`, async t => {
    const host = makeHost(layout.files, layout.minor);
    host.processes = () => [];
    const { left } = await applySetup(host, options);
    const said = `${left?.where} ${left?.saw} ${left?.remedy}`;
    for (const words of layout.says) t.match(said, words);
    t.same(changedFiles(layout.files, host), []);
    t.notOk(host.journal.includes('restart kubelet.service'));
  });
}

test('the order: daemon, answer, kubelet; and back: kubelet, daemon', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  t.same(host.journal, [
    'daemon-reload',
    'restart criproxy.service',
    `probe ${listen}`,
    'daemon-reload',
    'restart kubelet.service',
  ]);
  host.journal.length = 0;
  await revertSetup(host, revertOptions);
  t.same(host.journal, ['daemon-reload', 'restart kubelet.service', 'stop criproxy.service', 'daemon-reload']);
});

interface FaultRow {
  readonly name: string;
  readonly break: (host: FakeHost) => void;
  readonly says: RegExp;
}

const faults: readonly FaultRow[] = [
  {
    name: 'the runtime does not answer',
    break: host => {
      host.answers = () => {
        throw new Error('runtime containerd is down');
      };
    },
    says: /does not answer through its primary runtime: runtime containerd is down.*log of criproxy\.service/s,
  },
  {
    name: 'the kubelet does not stay up',
    break: host => {
      host.onKubelet = state =>
        endpointOf(host) === `unix://${listen}` ? { ...state, active: 'activating', pid: 0 } : state;
    },
    says: /does not stay up.*log of kubelet\.service/s,
  },
  {
    name: 'the kubelet comes up with another runtime',
    break: host => {
      host.connections = () => ['/run/other.sock', '/run/dbus/system_bus_socket'];
    },
    says: /does not use \/run\/criproxy\.sock: it is connected to \/run\/other\.sock; .*log of kubelet\.service/s,
  },
  {
    name: 'the kubelet comes up without any runtime',
    break: host => {
      host.connections = () => [];
    },
    says: /does not use \/run\/criproxy\.sock: it is connected to no runtime/,
  },
  {
    name: 'nothing can be told of it',
    break: host => {
      host.connections = () => undefined;
      host.processes = () => [{ pid: 1, args: ['/usr/local/bin/k3s', 'agent'] }];
    },
    says: /cannot be told: its arguments name no endpoint, and ss does not run/,
  },
  {
    name: 'its connections cannot be told, and it was started with another endpoint',
    break: host => {
      host.connections = () => undefined;
      host.processes = () => [{ pid: 1, args: ['/usr/bin/kubelet', '--container-runtime-endpoint=/run/other.sock'] }];
    },
    says: /does not use \/run\/criproxy\.sock: its arguments and files name \/run\/other\.sock/,
  },
  ...['/etc/criproxy/runtimes.env', '/var/lib/kubelet/kubeadm-flags.env', '/var/lib/criproxy/setup.json'].map(path => ({
    name: `${path} cannot be written`,
    break: (host: FakeHost) => {
      host.broken = { path, after: 0 };
    },
    says: /no space left/,
  })),
  {
    name: 'the disk is full after the first record',
    break: host => {
      host.broken = { path: '/var/lib/criproxy/setup.json', after: 1 };
    },
    says: /no space left/,
  },
];

for (const row of faults) {
  test(`put back: ${row.name}`, async t => {
    const { files, minor } = layouts[2]!;
    const host = makeHost(files, minor);
    row.break(host);
    await t.rejects(applySetup(host, options), { constructor: SetupError, kind: 'failed', message: row.says });
    t.same(Object.fromEntries(host.content), files);
    t.not((await host.serviceState('criproxy.service')).active, 'active');
  });
}

/** Makes the daemon answer once, and from the second time on only when the old program is back. */
function breakNewProgram(host: FakeHost, onBroken: () => void = () => {}): void {
  let asked = 0;
  host.answers = () => {
    if (asked++ === 0 || host.journal.includes('restore /old')) return { name: 'containerd', version: 'v1' };
    onBroken();
    throw new Error('broken');
  };
}

test('an upgrade whose daemon does not serve goes back to the old program', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  const applied = new Map(host.content);
  host.journal.length = 0;
  breakNewProgram(host);
  await t.rejects(applySetup(host, { ...options, restart: true, fallBack: '/old' }), SetupError);
  t.same(host.journal.slice(-4), ['restore /old', 'daemon-reload', 'restart criproxy.service', `probe ${listen}`]);
  t.same(new Map(host.content), applied);
});

const running = { active: 'active', pid: 7, restarts: 0 };

test('a failed upgrade that brought the socket unit stops it, since the old program listens itself', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  breakNewProgram(host, () => host.services.set('criproxy.socket', running));
  await t.rejects(applySetup(host, { ...options, restart: true, fallBack: '/old' }), SetupError);
  const back = ['restore /old', 'daemon-reload', 'stop criproxy.socket', 'restart criproxy.service', `probe ${listen}`];
  t.same(host.journal.slice(-5), back);
});

test('the daemon is stopped in one step with the socket that would start it again', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  host.services.set('criproxy.socket', running);
  await revertSetup(host, revertOptions);
  t.same(host.journal.slice(-2), ['stop criproxy.socket criproxy.service', 'daemon-reload']);
});

test('systemd does not take the socket from another server', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  host.isListening = async () => true;
  await t.rejects(applySetup(host, options), { kind: 'failed', message: /\/run\/criproxy\.sock.*already in use/s });
  t.notOk(host.journal.includes('restart criproxy.service'));
  t.same(Object.fromEntries(host.content), files);
});

test('an upgrade that fails on a node whose kubelet is no longer understood restores the old program', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  host.content.set('/etc/systemd/system/kubelet.service', '[Service]\nExecStart=/bin/sh -c kubelet\n');
  breakNewProgram(host);
  await t.rejects(applySetup(host, { ...options, restart: true, fallBack: '/old' }), SetupError);
  t.same(host.journal.slice(-4), ['restore /old', 'daemon-reload', 'restart criproxy.service', `probe ${listen}`]);
});

for (const path of ['/var/lib/criproxy/setup.json', '/etc/criproxy/runtimes.env', '/etc/default/criproxy'])
  test(`no upgrade is done, and none is said to be, where ${path} cannot be read`, async t => {
    const { files, minor } = layouts[3]!;
    const host = makeHost(files, minor);
    await applySetup(host, options);
    const { read } = host.files;
    host.files.read = file => {
      if (file === path) throw strange(path, 'it cannot be read: it is not UTF-8', 'make it readable');
      return read(file);
    };
    host.journal.length = 0;
    const upgrade = applySetup(host, { ...options, restart: true, fallBack: '/old' });
    await t.rejects(upgrade, { constructor: SetupError, kind: 'failed', message: `${path}: it cannot be read` });
    t.same(host.journal, ['restore /old', 'daemon-reload'], 'the old program is there for the next start');
  });

test('a unit that is masked is said to be', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  const { systemctl } = host;
  host.systemctl = async (verb, ...units) => {
    if (verb === 'restart' && units.includes('criproxy.service'))
      throw failed('systemctl restart criproxy.service', 'Unit criproxy.service is masked.', 'see the journal');
    await systemctl(verb!, ...units);
  };
  const fault = await applySetup(host, options).catch((error: SetupError) => error);
  t.match(fault, { kind: 'failed', saw: /is masked/, remedy: /^systemctl unmask criproxy\.service/ });
});

test('an upgrade while the primary runtime is down is not a failure', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  host.answers = () => {
    throw new Error('down');
  };
  const { done } = await applySetup(host, { ...options, restart: true, fallBack: '/old' });
  t.match(done[0], /^restarted criproxy: .*down/s);
});

test('revert leaves values that were changed since, and names them', async t => {
  const { files, minor } = layouts[3]!;
  const flags = '/var/lib/kubelet/kubeadm-flags.env';
  const host = makeHost(files, minor);
  await applySetup(host, options);
  const theirs = host.content.get(flags)!.replace('unix:///run/criproxy.sock', '/run/other.sock');
  host.content.set(flags, theirs);
  host.isListening = async socket => socket === '/run/other.sock';
  const { left } = await revertSetup(host, { ...revertOptions, stop: false });
  t.same(
    left.map(({ edit, reason }) => [edit.file, reason]),
    [[flags, 'it was changed since']],
  );
  t.equal(host.content.get(flags), theirs);
});

test('revert finds its value though the rest of the file changed', async t => {
  const { files, minor } = layouts[3]!;
  const flags = '/var/lib/kubelet/kubeadm-flags.env';
  const host = makeHost(files, minor);
  await applySetup(host, options);
  host.content.set(flags, `# note\n${host.content.get(flags)!.replace('pause:3.6', 'pause:3.7')}`);
  await revertSetup(host, { ...revertOptions, stop: false });
  t.equal(host.content.get(flags), `# note\n${files[flags]!.replace('pause:3.6', 'pause:3.7')}`);
});

test('revert follows kubeadm, which moved the endpoint from flags.env to config.yaml', async t => {
  const { files, minor } = layouts[7]!;
  const flags = '/var/lib/kubelet/kubeadm-flags.env';
  const config = '/var/lib/kubelet/config.yaml';
  const host = makeHost(files, minor);
  await applySetup(host, options);
  host.content.set(flags, 'KUBELET_KUBEADM_ARGS=""\n');
  host.content.set(config, files[config]!.replace('""', 'unix:///run/criproxy.sock'));
  await revertSetup(host, { ...revertOptions, stop: false });
  t.equal(endpointOf(host), 'unix:///run/containerd/containerd.sock');
});

test('a node without a kubelet gets the daemon, whether or not a runtime answers', async t => {
  const host = makeHost({ '/run/crio/crio.sock': '' }, 31, 'inactive');
  host.answers = () => {
    throw new Error('nobody there');
  };
  const { done, left } = await applySetup(host, options);
  t.equal(left, undefined);
  t.match(done, [/^started criproxy: .*nobody there/s]);
  t.match(
    host.content.get('/etc/criproxy/runtimes.env'),
    'CRIPROXY_CONNECT=/run/crio/crio.sock,virtlet.cloud:/run/virtlet.sock\n',
  );
});

test('if no service can be started, only the daemon’s runtimes are written', async t => {
  const { files, minor } = layouts[3]!;
  const host = { ...makeHost(files, minor), noServices: 'systemd does not run here' };
  const { left } = await applySetup(host, options);
  t.match(left, { where: 'criproxy.service', saw: 'systemd does not run here', remedy: /criproxy setup apply/ });
  t.same(host.journal, []);
  t.same(changedFiles(files, host), []);
});

test('the dockershim has the kubelet’s own arguments, without its endpoint', async t => {
  const { files, minor } = layouts[2]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  const service = host.content.get('/etc/systemd/system/dockershim.service')!;
  const line = /^ExecStart=(.*)$/m.exec(service)![1]!;
  t.equal(
    line,
    '/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf ' +
      '--config=/var/lib/kubelet/config.yaml --cgroup-driver=cgroupfs --cni-bin-dir=/opt/cni/bin --network-plugin=cni ' +
      '--experimental-dockershim --port=11250 --container-runtime-endpoint=unix:///var/run/dockershim.sock',
  );
  t.ok(host.journal.indexOf('restart dockershim.service') < host.journal.indexOf('restart criproxy.service'));
});

test('a kubelet that was upgraded beyond its dockershim is named, with the remedy', async t => {
  const { files } = layouts[2]!;
  const old = makeHost(files, 18);
  t.equal((await applySetup(old, options)).left, undefined);
  const upgraded = makeHost(Object.fromEntries(old.content), 19);
  const { left } = await applySetup(upgraded, options);
  t.match(left, { saw: /this kubelet \(1\.19\) cannot be run as a dockershim/, remedy: /install cri-dockerd/ });
});

test('by hand, without --other, the other runtimes stay', async t => {
  const { files, minor } = layouts[3]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  t.same((await applySetup(host, { ...options, other: undefined })).done, []);
});
