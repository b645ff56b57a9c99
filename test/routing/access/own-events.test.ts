import { test } from 'tap';
import { subjectOfEvent } from '../../../src/cri/read/ownership.ts';
import type { Message } from '../../support/cri-types.ts';
import { foreign, metadata, own, type Pod, startNamespaces, types } from './namespace-lab.ts';

const [created, deleted] = [0, 3];

test('only events of own pods pass, also if an event does not name its pod', async t => {
  const lab = startNamespaces(t);
  const { events } = lab;
  const event = (container_id: string, container_event_type: number, pod?: Pod) =>
    types.encode('ContainerEventResponse', {
      container_id,
      container_event_type,
      ...(pod && { pod_sandbox_status: { id: `pod-${pod.name}`, metadata: metadata(pod) } }),
    });
  const reading = lab.ask('GetContainerEvents');
  events.push(
    event('con-web', created, own),
    event('con-vault', created, foreign),
    event('con-web', deleted),
    event('con-vault', deleted),
    event('pod-web', deleted),
    event('pod-vault', deleted),
    event('con-late', created, { ...own, name: 'late' }),
    event('con-late', deleted),
    event('con-strange', deleted),
  );
  events.end();
  const seen: Message[] = [];
  await reading.then(
    messages => seen.push(...messages),
    fault => t.comment(String(fault)),
  );
  t.strictSame(
    seen.map(each => [each['container_id'], each['container_event_type']]),
    [
      ['con-web', 'CONTAINER_CREATED_EVENT'],
      ['con-web', 'CONTAINER_DELETED_EVENT'],
      ['pod-web', 'CONTAINER_DELETED_EVENT'],
      ['con-late', 'CONTAINER_CREATED_EVENT'],
      ['con-late', 'CONTAINER_DELETED_EVENT'],
    ],
  );
});

test('an event of Kubernetes 1.25 has the metadata of its pod in the place of the status', async t => {
  const inner = types.encode('PodSandboxMetadata', { name: 'n', uid: 'u', namespace: 'team-a' });
  const event = types.encode('ContainerEventResponse', { container_id: 'con-old', container_event_type: deleted });
  t.strictSame(subjectOfEvent(Buffer.concat([event, Buffer.from([0x22, inner.length]), inner])), {
    id: 'con-old',
    pod: '',
    namespace: 'team-a',
    isDeleted: true,
  });
});
