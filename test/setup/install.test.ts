import { test } from 'tap';
import { type InstallOptions, installSetup } from '../../src/setup/install/install.ts';
import { links, payload } from '../../src/setup/install/payload.ts';
import { uninstallSetup } from '../../src/setup/install/uninstall.ts';
import { SetupError } from '../../src/setup/setup-error.ts';
import { type FakeHost, makeHost } from './fake-host.ts';
import { layouts } from './layouts.ts';

const options: InstallOptions = {
  from: '/root/release',
  primary: 'detect',
  other: undefined,
  listen: '/run/criproxy.sock',
  patience: 1000,
  settle: 1,
};
const PROGRAM = '/opt/criproxy/bin/criproxy';
const UNIT = '/etc/systemd/system/criproxy.service';

/** The files of a release, whose unit starts the program of an installation. */
function release(name: string): Record<string, string> {
  const texts = payload.map(file => [`/root/release/${file.name}`, `${file.name} of ${name}`] as const);
  return { ...Object.fromEntries(texts), '/root/release/criproxy.service': `ExecStart=${PROGRAM} -v 3\n# ${name}\n` };
}

const [layout] = [layouts[11]!];

function makeNode(): FakeHost {
  return makeHost({ ...layout.files, ...release('one') }, layout.minor);
}

const without = (host: FakeHost, folder: string) =>
  Object.fromEntries([...host.content].filter(([path]) => !path.startsWith(folder)).sort());

test('install, install again, uninstall', async t => {
  const host = makeNode();
  const before = without(host, '/nowhere');
  await installSetup(host, options);
  for (const { name, path } of payload)
    t.equal(host.content.get(path), host.content.get(`/root/release/${name}`), path);
  for (const [path, target] of Object.entries(links)) t.equal(host.content.get(path), `-> ${target}`);
  t.equal(host.content.get('/etc/default/criproxy'), 'default of one');
  t.ok(host.journal.includes('enable criproxy.socket criproxy.service'));
  const enabled = host.journal.indexOf('enable criproxy.socket criproxy.service');
  t.ok(enabled < host.journal.indexOf('restart kubelet.service'), 'enabled before the kubelet is led there');

  host.journal.length = 0;
  t.same(await installSetup(host, options), { done: [], left: undefined });
  t.same(
    host.journal.filter(line => /^(restart|enable|daemon-reload)/.test(line)),
    [],
    'nothing is done twice',
  );

  host.content.set('/etc/default/criproxy', 'mine');
  await uninstallSetup(host, { purge: false, listen: options.listen, settle: 1 });
  t.equal(host.content.get('/etc/default/criproxy'), 'mine', 'settings stay');
  t.notOk(host.content.has(PROGRAM));
  t.ok(host.journal.includes('disable criproxy.socket criproxy.service'));
  const { done } = await uninstallSetup(host, { purge: true, listen: options.listen, settle: 1 });
  t.same(done, ['removed the settings and the state']);
  t.same(without(host, '/nowhere'), before);
});

test('an upgrade restarts the daemon, and keeps the node’s own files', async t => {
  const host = makeNode();
  await installSetup(host, options);
  host.content.set('/etc/default/criproxy', 'mine');
  for (const [path, text] of Object.entries(release('two'))) host.content.set(path, text);
  host.journal.length = 0;
  const { done } = await installSetup(host, options);
  t.match(done.at(-1), /restarted criproxy/);
  t.equal(host.content.get(PROGRAM), 'criproxy of two');
  t.equal(host.content.get('/etc/default/criproxy'), 'mine');
  t.same(
    host.journal.filter(line => /^(keep|enable|restart)/.test(line)),
    ['keep program', 'restart criproxy.service'],
  );
});

interface Refusal {
  readonly name: string;
  readonly prepare: (host: FakeHost) => void;
  readonly says: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    name: 'a file of the release is missing',
    prepare: host => void host.content.delete('/root/release/criproxy.socket'),
    says: /it lacks criproxy\.socket/,
  },
  {
    name: 'a package is there',
    prepare: host => {
      host.content.set('/usr/bin/criproxy', '');
      host.content.set('/var/lib/dpkg/info/criproxy.list', ''); // removed for it, and not purged
      host.content.set('/var/lib/dpkg/info/criproxy-nodeps.list', '/usr/bin\n/usr/bin/criproxy\n');
    },
    says: /criproxy is here already, of the package criproxy-nodeps/,
  },
  {
    name: 'a program was put there by hand',
    prepare: host => void host.content.set('/usr/bin/criproxy', ''),
    says: /criproxy is here already$/,
  },
  {
    name: 'a unit was written by hand',
    prepare: host => void host.content.set(UNIT, '[Service]\nExecStart=/usr/local/bin/mine\n'),
    says: /it was written by hand/,
  },
  ...payload.map(({ path }) => ({
    name: `${path} cannot be written`,
    prepare: (host: FakeHost) => {
      host.broken = { path, after: 0 };
    },
    says: /no space left on device/,
  })),
  {
    name: 'the kubelet does not stay up',
    prepare: host => {
      host.onKubelet = () => ({ active: 'failed', pid: 0, restarts: 1 });
    },
    says: /the kubelet does not stay up/,
  },
];

for (const { name, prepare, says } of refusals) {
  test(`not installed: ${name}`, async t => {
    const host = makeNode();
    prepare(host);
    const before = without(host, '/nowhere');
    const fault = await installSetup(host, options).catch((error: unknown) => error);
    t.ok(fault instanceof SetupError);
    t.match((fault as SetupError).saw, says);
    t.same(without(host, '/nowhere'), before, 'the files are as they were');
    const enabled = host.journal.filter(line => line.startsWith('enable')).length;
    t.equal(host.journal.filter(line => line.startsWith('disable')).length, enabled, 'and so are the units');
  });
}

test('a link that cannot be made keeps nothing from being installed', async t => {
  const host = makeNode();
  host.broken = { path: '/usr/local/bin/criproxy', after: 0 };
  const { done } = await installSetup(host, options);
  t.match(done.join('\n'), /\/usr\/local\/bin\/criproxy: not made, a link for people/);
  t.ok(host.content.has(PROGRAM));
});
