import { test } from 'tap';
import { type ApplyOptions, applySetup } from '../../src/setup/apply.ts';
import { revertSetup } from '../../src/setup/revert.ts';
import { readStatus } from '../../src/setup/setup-status.ts';
import { makeHost } from '../setup/fake-host.ts';
import { layouts } from '../setup/layouts.ts';
import { applyOptions, endpointOf, listen, revertOptions } from '../setup/set-up.ts';
import { readPage } from './markdown.ts';

const containerd = '/run/containerd/containerd.sock';
const options: ApplyOptions = { ...applyOptions, other: '' };

const { text } = readPage('docs/change-runtime.md');
const [, from = '', to = ''] = /sed -i 's\|([^|]+)\|([^|]+)\|'/.exec(text) ?? [];

test('the page says how the endpoint becomes that of containerd', async t => {
  t.strictSame([from, to], [`unix://${listen}`, `unix://${containerd}`]);
});

/** Nodes whose kubelet is given its endpoint; Docker's endpoint replaces that of their runtime. */
const nodes = layouts
  .filter(({ primary }) => primary === containerd)
  .map(layout => ({
    ...layout,
    files: Object.fromEntries(
      Object.entries(layout.files).map(([path, content]) => [
        path,
        content.replaceAll(containerd, '/run/cri-dockerd.sock'),
      ]),
    ),
  }))
  .filter(({ files, minor }) => endpointOf(makeHost(files, minor)) === 'unix:///run/cri-dockerd.sock');

test('a new primary runtime is noted, and the kubelet is not restarted', async t => {
  const { files, minor } = nodes[0]!;
  const host = makeHost(files, minor);
  await applySetup(host, options);
  const dropIn = '/etc/systemd/system/criproxy.service.d/10-primary.conf';
  t.match(host.content.get(dropIn), 'Wants=cri-docker.service\n');
  host.journal.length = 0;
  await applySetup(host, { ...options, primary: 'containerd' });
  t.match(host.content.get(dropIn), 'Wants=containerd.service\n');
  t.match(host.content.get('/etc/criproxy/runtimes.env'), `CRIPROXY_CONNECT=${containerd}\n`);
  t.notOk(host.journal.includes('restart kubelet.service'));
  t.ok(host.journal.includes('restart criproxy.service'));
});

test('there are such nodes', async t => {
  t.ok(nodes.length > 5);
});

for (const { name, files, minor } of nodes) {
  test(`${name}: removed after the endpoint was set to containerd, it stays there`, async t => {
    const host = makeHost(files, minor);
    host.isListening = async socket => socket === containerd;
    await applySetup(host, options);
    t.match(
      host.content.get('/etc/criproxy/runtimes.env'),
      'CRIPROXY_CONNECT=/run/cri-dockerd.sock\n',
      'it was Docker',
    );
    for (const { file } of readStatus(host, listen).edits) {
      host.content.set(file, host.content.get(file)!.replaceAll(from, to));
    }
    t.equal(endpointOf(host), `unix://${containerd}`);
    const { strange } = await revertSetup(host, revertOptions);
    t.equal(strange, undefined);
    t.equal(endpointOf(host), `unix://${containerd}`);
    t.notOk(
      [...host.content.values()].some(content => content.includes(from)),
      'nothing names criproxy',
    );
  });
}
