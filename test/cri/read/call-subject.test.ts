import { test } from 'tap';
import { type CallSubject, readSubject } from '../../../src/cri/read/call-subject.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';

const config = { metadata: { name: 'web-0', namespace: 'default', uid: 'u' } };
const container = { metadata: { name: 'nginx' }, image: { image: 'nginx:1' } };
const target = { linux: { security_context: { namespace_options: { target_id: 'other' } } } };
const named = { namespace: 'default', pod: 'web-0' };

const rows: ReadonlyArray<readonly [message: string, value: Message, subject: Partial<CallSubject>]> = [
  ['RunPodSandboxRequest', { config }, named],
  ['StopPodSandboxRequest', { pod_sandbox_id: 'p1' }, { podId: 'p1' }],
  ['PortForwardRequest', { pod_sandbox_id: 'p1', port: [80] }, { podId: 'p1' }],
  [
    'CreateContainerRequest',
    { pod_sandbox_id: 'p1', config: container, sandbox_config: config },
    { ...named, podId: 'p1', container: 'nginx' },
  ],
  [
    'CreateContainerRequest',
    { pod_sandbox_id: 'p1', config: { ...container, ...target } },
    { podId: 'p1', container: 'nginx' },
  ],
  ['StartContainerRequest', { container_id: 'c1' }, { containerId: 'c1' }],
  ['ExecSyncRequest', { container_id: 'c1', cmd: ['true'] }, { containerId: 'c1' }],
  ['ListContainersRequest', { filter: { id: 'c1', pod_sandbox_id: 'p1' } }, { podId: 'p1', containerId: 'c1' }],
  ['ListPodSandboxRequest', { filter: { id: 'p1' } }, { podId: 'p1' }],
  ['ListPodSandboxRequest', {}, {}],
  ['ImageStatusRequest', { image: { image: 'nginx:1' } }, { image: 'nginx:1' }],
  ['ListImagesRequest', { filter: { image: { image: 'nginx:1' } } }, { image: 'nginx:1' }],
  ['PullImageRequest', { image: { image: 'nginx:1' }, sandbox_config: config }, { ...named, image: 'nginx:1' }],
  ['RestorePodRequest', { config, container_configs: [container] }, named],
  ['VersionRequest', { version: '0.1.0' }, {}],
];

for (const [message, value, subject] of rows) {
  test(`${message} ${JSON.stringify(value)}`, async t => {
    const nothing = { podId: '', containerId: '', namespace: '', pod: '', container: '', image: '' };
    const bytes = criTypes('runtime.v1').encode(message, value);
    t.strictSame(readSubject(message, bytes), { ...nothing, ...subject });
  });
}

test('a malformed request is read as far as it goes', async t => {
  const bytes = criTypes('runtime.v1').encode('StopPodSandboxRequest', { pod_sandbox_id: 'p1' });
  t.match(readSubject('StopPodSandboxRequest', Buffer.concat([bytes, Buffer.from([0xff])])), { podId: 'p1' });
  t.match(readSubject('RunPodSandboxRequest', Buffer.from([0x0a, 0x02, 0x0a, 0x7f])), { pod: '' });
});
