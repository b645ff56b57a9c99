import { test } from 'tap';
import { applySetup } from '../../src/setup/apply.ts';
import type { FileFacts } from '../../src/setup/host.ts';
import { findObstacles, isPassed } from '../../src/setup/reach.ts';
import { makeHost } from './fake-host.ts';
import { CONFIG, config } from './kubeadm-files.ts';
import { layouts } from './layouts.ts';
import { applyOptions as options } from './set-up.ts';

const DROP_IN = '/etc/systemd/system/criproxy.service.d/10-primary.conf';

type Modes = Readonly<Record<string, readonly [mode: number, uid: number, gid: number]>>;

/** A machine whose folders belong to root and are open, with exceptions. */
function statOf(modes: Modes, links: Readonly<Record<string, string>> = {}) {
  return (path: string): FileFacts | undefined => {
    const real = links[path] ?? path;
    const [mode, uid, gid] = modes[real] ?? [0o755, 0, 0];
    const isSocket = real.endsWith('.sock');
    if (isSocket && modes[real] === undefined) return undefined;
    return { kind: isSocket ? 'socket' : 'folder', mode, uid, gid, path: real };
  };
}

interface Row {
  readonly name: string;
  readonly socket: string;
  readonly modes: Modes;
  readonly links?: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
}

const CAP = 'CapabilityBoundingSet=CAP_DAC_OVERRIDE';

const rows: readonly Row[] = [
  { name: 'root’s, in /run', socket: '/run/x.sock', modes: { '/run/x.sock': [0o600, 0, 0] }, lines: [] },
  { name: 'of root’s group', socket: '/run/x.sock', modes: { '/run/x.sock': [0o660, 7, 0] }, lines: [] },
  { name: 'of everybody', socket: '/run/x.sock', modes: { '/run/x.sock': [0o777, 7, 7] }, lines: [] },
  { name: 'not there', socket: '/run/x.sock', modes: {}, lines: [] },
  { name: 'another user’s', socket: '/run/x.sock', modes: { '/run/x.sock': [0o600, 7, 7] }, lines: [CAP] },
  { name: 'of another group', socket: '/run/x.sock', modes: { '/run/x.sock': [0o660, 7, 7] }, lines: [CAP] },
  {
    name: 'in a folder of another user',
    socket: '/run/x/x.sock',
    modes: { '/run/x': [0o700, 7, 7], '/run/x/x.sock': [0o777, 7, 7] },
    lines: [CAP],
  },
  {
    name: 'in a home folder',
    socket: '/home/x/x.sock',
    modes: { '/home/x/x.sock': [0o666, 0, 0] },
    lines: ['ProtectHome=read-only'],
  },
  {
    name: 'in a home folder, and not there',
    socket: '/run/user/7/x.sock',
    modes: {},
    lines: ['ProtectHome=read-only'],
  },
  {
    name: 'behind a link, in another user’s home folder',
    socket: '/run/x.sock',
    modes: { '/home/x': [0o750, 7, 7], '/home/x/x.sock': [0o600, 7, 7] },
    links: { '/run/x.sock': '/home/x/x.sock' },
    lines: ['ProtectHome=read-only', CAP],
  },
  { name: 'in /tmp', socket: '/tmp/x.sock', modes: { '/tmp/x.sock': [0o600, 0, 0] }, lines: ['PrivateTmp=no'] },
];

for (const { name, socket, modes, links, lines } of rows) {
  test(`the daemon's needs to reach a socket: ${name}`, async t => {
    const found = findObstacles(statOf(modes, links), socket);
    t.same(
      found.map(({ line }) => line),
      lines,
    );
    for (const obstacle of found) {
      const value = obstacle.line.split('=')[1]!.toLowerCase();
      t.ok(isPassed(obstacle, value), 'with its line it is passed');
      t.notOk(isPassed(obstacle, obstacle.setting === 'CapabilityBoundingSet' ? '' : 'yes'));
    }
  });
}

const modern = layouts.find(({ name }) => name.startsWith('1.31, config.yaml with a comment'))!;

test('apply writes a unit that can reach the kubelet’s runtime, and one of the operator', async t => {
  const files = {
    ...modern.files,
    [CONFIG]: config('containerRuntimeEndpoint: unix:///home/x/x.sock'),
    '/etc/default/criproxy': 'CRIPROXY_CONNECT=/home/x/x.sock,kata:unix:///tmp/kata.sock\n',
  };
  const host = makeHost(files, 31);
  host.stat = statOf({ '/home/x/x.sock': [0o600, 7, 7], '/tmp/kata.sock': [0o600, 0, 0] });
  await applySetup(host, options);
  t.match(host.content.get(DROP_IN), `[Service]\n${CAP}\nPrivateTmp=no\nProtectHome=read-only\n`);
});

test('only a runtime that the node runs is started with criproxy', async t => {
  const host = makeHost(modern.files, 31);
  const kubelet = host.processes('kubelet.service');
  host.processes = unit => (unit === 'containerd.service' ? [] : kubelet);
  await applySetup(host, options);
  t.equal(host.content.get(DROP_IN), '# Written by "criproxy setup apply".\n[Unit]\nAfter=containerd.service\n');
  host.content.set('/etc/systemd/system/multi-user.target.wants/containerd.service', '');
  await applySetup(host, options);
  t.match(host.content.get(DROP_IN), 'Wants=containerd.service\n', 'enabled');
  host.content.delete('/etc/systemd/system/multi-user.target.wants/containerd.service');
  host.processes = () => kubelet;
  await applySetup(host, options);
  t.match(host.content.get(DROP_IN), 'Wants=containerd.service\n', 'running');
});
