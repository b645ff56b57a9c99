import { test } from 'tap';
import type { NodeCondition } from '../../src/cluster/api/node-object.ts';
import type { Ran } from '../../src/cluster/node/access.ts';
import type { Ports } from '../../src/cluster/ports.ts';
import { type Before, findUnready, verify } from '../../src/cluster/verify.ts';

interface Fake {
  readonly conditions?: readonly NodeCondition[];
  readonly uses?: 'yes' | 'no';
  readonly pid?: number;
  readonly findings?: readonly { check: string; severity: string; what: string }[];
  /** The failure of `setup status`. */
  readonly broken?: string;
}

const BEGUN = Date.parse('2026-01-01T00:00:10.500Z');
const ready = (at: string): NodeCondition => ({ type: 'Ready', status: 'True', lastHeartbeatTime: at });

/** A node whose commands answer as told; the last of `fakes` answers from its turn on. */
function makePorts(...fakes: readonly [Fake, ...Fake[]]): Ports {
  let turn = -1;
  const now = () => fakes[Math.min(Math.max(turn, 0), fakes.length - 1)]!;
  const say = (value: object): Ran => ({ status: 0, stdout: JSON.stringify(value), said: '' });
  return {
    node: {
      path: inside => inside,
      look: async (_, group) => {
        if (group === 'doctor') return say({ findings: now().findings ?? [] });
        turn++;
        const { broken, uses = 'yes', pid = 200 } = now();
        if (broken !== undefined) return { status: 1, stdout: '', said: broken };
        return say({ running: { usesCriproxy: uses, pid, does: 'it is connected to x' }, edits: [] });
      },
      change: async () => ({ status: 0, stdout: '', said: '' }),
    },
    ask: async () => ({
      metadata: {},
      status: { conditions: now().conditions ?? [ready('2026-01-01T00:00:11Z')] },
    }),
    name: 'node-1',
    image: { payload: '', packages: '' },
    tell: () => {},
    sleep: async () => {},
    patience: 50,
    settle: 0,
  };
}

const before: Before = {
  look: { status: { edits: [] } as unknown as Before['look']['status'], isOn: false, kubelet: 100, sockets: [] },
  containers: new Map(),
  failing: new Map([['old', 'it was so before']]),
  begun: BEGUN,
};

const fail = (check: string) => ({ check, severity: 'fail', what: `${check} is wrong` });

const rows: readonly { name: string; fakes: readonly [Fake, ...Fake[]]; isOn?: boolean; fault: RegExp | undefined }[] =
  [
    { name: 'all is well', fakes: [{}], fault: undefined },
    { name: 'it is not well at first', fakes: [{ uses: 'no' }, { broken: 'no answer' }, {}], fault: undefined },
    {
      name: 'the kubelet does not use criproxy',
      fakes: [{ uses: 'no' }],
      fault: /does not use criproxy: it is connected to x/,
    },
    { name: 'the kubelet still uses criproxy', fakes: [{}], isOn: false, fault: /still uses criproxy/ },
    { name: 'it is off', fakes: [{ uses: 'no' }], isOn: false, fault: undefined },
    { name: 'doctor finds a failure', fakes: [{ findings: [fail('new')] }], fault: /criproxy doctor: new is wrong/ },
    {
      name: 'doctor finds what is wrong with the node itself',
      fakes: [{ findings: [fail('cgroup-driver')] }],
      fault: undefined,
    },
    { name: 'doctor finds what it found before', fakes: [{ findings: [fail('old')] }], fault: undefined },
    {
      name: 'doctor finds what is no failure',
      fakes: [{ findings: [{ check: 'x', severity: 'warn', what: '' }] }],
      fault: undefined,
    },
    {
      name: 'the node is not Ready',
      fakes: [{ conditions: [{ type: 'Ready', status: 'False', message: 'PLEG' }] }],
      fault: /not Ready: PLEG/,
    },
    { name: 'the node has no such condition', fakes: [{ conditions: [] }], fault: /it has no such condition/ },
    {
      name: 'the restarted kubelet has said nothing yet',
      fakes: [{ conditions: [ready('2026-01-01T00:00:08Z')] }],
      fault: /has not said since/,
    },
    {
      name: 'a kubelet that was not restarted need not say it again',
      fakes: [{ pid: 100, conditions: [ready('2026-01-01T00:00:00Z')] }],
      fault: undefined,
    },
    {
      name: 'the node cannot be asked',
      fakes: [{ broken: 'systemd is gone' }],
      fault: /criproxy setup status: systemd is gone/,
    },
  ];

for (const { name, fakes, isOn = true, fault } of rows) {
  test(`verified: ${name}`, async t => {
    const found = await verify(makePorts(...fakes), 'criproxy', before, isOn);
    t.match(found ?? 'well', fault ?? /^well$/);
  });
}

test('a heartbeat of the second in which the kubelet was restarted counts: the API has no fractions', async t => {
  const ports = makePorts({ conditions: [ready('2026-01-01T00:00:10Z')] });
  t.equal(await findUnready(ports, BEGUN), undefined);
});
