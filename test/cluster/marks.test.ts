import { test } from 'tap';
import type { StatusReport } from '../../src/admin/api/status-report.ts';
import type { NodeCondition } from '../../src/cluster/api/node-object.ts';
import { marksOf, writeMarks } from '../../src/cluster/marks.ts';
import type { Ports } from '../../src/cluster/ports.ts';

type Runtime = StatusReport['runtimes'][number];

function runtime(id: string, more: Partial<Runtime> = {}): Runtime {
  return {
    id,
    primary: id === '',
    socket: `/run/${id}.sock`,
    state: 'up',
    seen: true,
    lost: false,
    since: '',
    notAnsweringSince: null,
    reason: null,
    name: 'containerd',
    version: 'v1.7',
    packages: [],
    labels: {},
    snapshot: { pods: null, containers: null, images: null },
    calls: null,
    lastError: null,
    ...more,
  } as Runtime;
}

const installed = { status: 'True', reason: 'AsWanted', message: '' } as const;

const rows: readonly {
  name: string;
  runtime: Runtime;
  label: Record<string, string>;
  condition: Partial<NodeCondition>;
}[] = [
  {
    name: 'the primary, up',
    runtime: runtime(''),
    label: { 'runtime.criproxy/primary': 'up' },
    condition: { type: 'runtime.criproxy/primary', status: 'True', reason: 'RuntimeUp', message: 'containerd v1.7' },
  },
  {
    name: 'another one, up',
    runtime: runtime('virtlet.cloud'),
    label: { 'runtime.criproxy/virtlet.cloud': 'up' },
    condition: { type: 'runtime.criproxy/virtlet.cloud', status: 'True' },
  },
  {
    name: 'down',
    runtime: runtime('kata', { state: 'down', reason: 'connection refused' }),
    label: {},
    condition: { status: 'False', reason: 'RuntimeDown', message: 'connection refused' },
  },
  {
    name: 'never seen',
    runtime: runtime('kata', { state: 'down', seen: false, reason: 'no such file' }),
    label: {},
    condition: { status: 'False', reason: 'RuntimeNotSeenYet' },
  },
  {
    name: 'connected, without an answer',
    runtime: runtime('kata', { notAnsweringSince: '2026-01-01T00:00:00Z' }),
    label: {},
    condition: { status: 'False', reason: 'RuntimeDown', message: 'no answer since 2026-01-01T00:00:00Z' },
  },
  {
    name: 'an id that is no name of a label',
    runtime: runtime('a/b'),
    label: {},
    condition: { type: 'runtime.criproxy/a/b', status: 'True' },
  },
];

for (const row of rows) {
  test(`label and condition of a runtime: ${row.name}`, async t => {
    const { labels, conditions } = marksOf({ installed, runtimes: [row.runtime] });
    t.same(labels, row.label);
    t.match(conditions, [{ type: 'criproxy/Installed', ...installed }, row.condition]);
  });
}

/** A node, and the requests that its API server gets. */
function makePorts(labels: Record<string, string>, conditions: NodeCondition[]): { ports: Ports; sent: unknown[] } {
  const sent: unknown[] = [];
  const ask: Ports['ask'] = async (method, path, body) => {
    if (method === 'PATCH') sent.push([path, body]);
    return { metadata: { labels }, status: { conditions } };
  };
  return { ports: { ask, name: 'node-1' } as unknown as Ports, sent };
}

test('existing marks are not written again, and marks of others stay', async t => {
  const { conditions } = marksOf({ installed, runtimes: [runtime('')] });
  const foreign: NodeCondition = { type: 'Ready', status: 'True' };
  const { ports, sent } = makePorts({ 'runtime.criproxy/primary': 'up', other: 'x' }, [foreign, ...conditions]);
  await writeMarks(ports, { installed, runtimes: [runtime('')] });
  t.same(sent, []);
});

test('a runtime that goes down loses its label, and its condition says since when', async t => {
  const old = '2026-01-01T00:00:00Z';
  const { conditions } = marksOf({ installed, runtimes: [runtime('kata')] });
  const known = conditions.map(condition => ({ ...condition, lastTransitionTime: old }));
  const { ports, sent } = makePorts({ 'runtime.criproxy/kata': 'up' }, known);
  await writeMarks(ports, { installed, runtimes: [runtime('kata', { state: 'down', reason: 'gone' })] });
  t.same(sent[0], ['/api/v1/nodes/node-1', { metadata: { labels: { 'runtime.criproxy/kata': null } } }]);
  const [path, body] = sent[1] as [string, { status: { conditions: NodeCondition[] } }];
  t.equal(path, '/api/v1/nodes/node-1/status');
  t.match(body.status.conditions, [{ type: 'runtime.criproxy/kata', status: 'False', message: 'gone' }]);
  t.not(body.status.conditions[0]!.lastTransitionTime, old);
});

test('no runtime has a label while the daemon does not answer', async t => {
  const { ports, sent } = makePorts({ 'runtime.criproxy/kata': 'up' }, []);
  await writeMarks(ports, {
    installed: { status: 'False', reason: 'DaemonDoesNotAnswer', message: '' },
    runtimes: undefined,
  });
  t.same(sent[0], ['/api/v1/nodes/node-1', { metadata: { labels: { 'runtime.criproxy/kata': null } } }]);
});

test('a node that is taken off loses labels and conditions, and only ours', async t => {
  const { conditions } = marksOf({ installed, runtimes: [runtime('kata')] });
  const { ports, sent } = makePorts({ 'runtime.criproxy/kata': 'up', other: 'x' }, [
    { type: 'Ready', status: 'True' },
    ...conditions,
  ]);
  await writeMarks(ports, undefined);
  t.same(sent, [
    ['/api/v1/nodes/node-1', { metadata: { labels: { 'runtime.criproxy/kata': null } } }],
    [
      '/api/v1/nodes/node-1/status',
      {
        status: {
          conditions: [
            { $patch: 'delete', type: 'criproxy/Installed' },
            { $patch: 'delete', type: 'runtime.criproxy/kata' },
          ],
        },
      },
    ],
  ]);
});
