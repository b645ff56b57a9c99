import { join } from 'node:path';
import { test } from 'tap';
import { askAdmin } from '../../../src/admin/admin-client.ts';
import { waitFor } from '../../support/child.ts';
import { answerWith } from '../../support/fake-runtime.ts';
import { runProxy } from '../../support/proxy.ts';
import { at, listPods, setScene } from './reload-daemon.ts';

const broken: ReadonlyArray<readonly [what: string, content: string, reason: RegExp]> = [
  ['no YAML', 'runtimes: [', /criproxy\.yaml:1: /],
  [
    'a key that there is not',
    'runtimes:\n  - socket: /x\n    colour: red\n',
    /criproxy\.yaml:3: runtimes\[0\]\.colour: "red" there is no such key/,
  ],
  ['two faults', 'imageFs: 7\nids: 9\n', /criproxy\.yaml:1: imageFs: "7" .*; .*criproxy\.yaml:2: ids: "9" /],
  [
    'an id twice',
    'runtimes:\n  - socket: /x\n  - {id: a, socket: /y}\n  - {id: a, socket: /z}\n',
    /criproxy\.yaml:4: .*has the id of another/,
  ],
];

test('a file that cannot be used is refused, and the configuration stays', async t => {
  const { daemon } = await setScene(t);
  for (const [what, content, reason] of broken) {
    daemon.write(content);
    const log = await daemon.hangUp(/\n/);
    t.match(log, /^E.* reload: refused, the configuration stays as it was: /, what);
    t.match(log, reason, what);
    t.equal(log.trim().split('\n').length, 1, 'one line');
    t.strictSame(await listPods(daemon.client), ['alt__pod-alt', 'pod-main']);
    await t.rejects(askAdmin(daemon.adminSocket, 'POST', '/v1/reload'), { message: reason });
  }
});

test('a reload names the keys that need a restart, and applies the others', async t => {
  const { daemon, runtimes } = await setScene(t);
  const settings = { ids: 'raw', imageNames: 'asked', imageFs: 'primary' };
  daemon.write({ runtimes: [at('', runtimes.main)], listen: '/run/elsewhere.sock', ...settings });
  const report = await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  t.match(report, {
    changes: [
      `runtime alt at ${runtimes.alt.socketPath} is removed`,
      'imageNames: as ids, now asked',
      'imageFs: all, now primary',
    ],
    needsRestart: [
      /^listen: .*, then \/run\/elsewhere\.sock$/,
      'ids: prefixed until systemctl restart criproxy, then raw',
    ],
  });
  t.match(daemon.log(), /W.* reload: ids: prefixed until systemctl restart criproxy, then raw/);
  t.strictSame(await listPods(daemon.client), ['pod-main']);
});

test('a runtime at the socket that criproxy itself still has is refused', async t => {
  const { daemon, runtimes } = await setScene(t);
  const own = join(daemon.dir, 'criproxy.sock');
  daemon.write({ runtimes: [at('', runtimes.main), { id: 'loop', socket: own }], listen: '/run/elsewhere.sock' });
  await t.rejects(askAdmin(daemon.adminSocket, 'POST', '/v1/reload'), {
    message: /runtime loop: .* a socket of criproxy itself/,
  });
});

test('the log level, and nothing else', async t => {
  const { daemon, runtimes } = await setScene(t);
  daemon.write({ runtimes: [at('', runtimes.main), at('alt', runtimes.alt)], logLevel: 5 });
  await daemon.hangUp(/logLevel: 0, now 5/);
  await listPods(daemon.client);
  t.ok(await waitFor('the response in the log', () => /ListPodSandbox response/.test(daemon.log()) || undefined));
});

test('handlers, annotations, pins, labels and times', async t => {
  const { daemon, runtimes } = await setScene(t);
  const alt = {
    ...at('alt', runtimes.alt),
    handlers: { kata: 'qemu' },
    annotations: ['vm'],
    pins: ['pause*'],
    labels: { team: 'a' },
    listTimeout: '3s',
  };
  daemon.write({ runtimes: [at('', runtimes.main), alt], maxSnapshotAge: '1h' });
  const report = await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  t.strictSame(report, {
    changes: [
      'runtime alt: handlers: none, now kata (there qemu)',
      'runtime alt: annotations: none, now vm',
      'runtime alt: pins: none, now pause*',
      'runtime alt: listTimeout: as for all, now 3000 ms',
      'runtime alt: labels: none, now team=a',
      'maxSnapshotAge: no limit, now 3600000 ms',
    ],
    warnings: [],
    needsRestart: [],
    note: '',
  });
  runtimes.alt.answers['RunPodSandbox'] = answerWith({ pod_sandbox_id: 'fresh' });
  const config = { metadata: { name: 'p', uid: 'u', namespace: 'n' } };
  for (const request of [
    { runtime_handler: 'kata', config },
    { config: { ...config, annotations: { 'kubernetes.io/target-runtime': 'vm' } } },
  ]) {
    t.strictSame(await daemon.client.call('RunPodSandbox', request), { pod_sandbox_id: 'alt__fresh' });
  }
});

test('flags win, and a reload says so', async t => {
  const { daemon, runtimes } = await setScene(t, {}, ['-imageFs', 'fullest']);
  daemon.write({ runtimes: [at('', runtimes.main), at('alt', runtimes.alt)], imageFs: 'primary' });
  const log = await daemon.hangUp(/reload: /);
  t.match(log, /nothing changed: the values in .*criproxy\.yaml for -imageFs have no effect: flags win over the file/);
});

test('criproxy reload prints the changes, or the reason why there are none', async t => {
  const { daemon, runtimes } = await setScene(t);
  const reload = () => runProxy(['reload', '--admin-socket', daemon.adminSocket]);
  const both = [at('', runtimes.main), at('alt', runtimes.alt)];
  t.strictSame(await reload(), { code: 0, stdout: 'nothing changed\n', stderr: '' });
  daemon.write({ runtimes: [at('', runtimes.main)], enableFaults: true });
  t.strictSame(await reload(), {
    code: 0,
    stdout:
      `runtime alt at ${runtimes.alt.socketPath} is removed\n` +
      `warning: the pods of runtime alt (1) are no longer listed, and the kubelet takes them for gone; crictl -r unix://${runtimes.alt.socketPath} pods shows the pods that still run there\n` +
      'enableFaults: false until systemctl restart criproxy, then true\n',
    stderr: '',
  });
  daemon.write({ runtimes: both, imageFs: 'most' });
  const refused = await reload();
  t.match(refused, {
    code: 1,
    stdout: '',
    stderr: /^criproxy: refused, the configuration stays as it was: .*criproxy\.yaml:/,
  });
  t.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
});
