import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { sharedFeatures } from '../../../src/cri/read/node-status.ts';
import type { Message } from '../../support/cri-types.ts';
import type { Package } from '../../support/facts.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';
import { type Answer, failure, startNode } from '../node-lab.ts';

const ready = [
  { type: 'RuntimeReady', status: true, reason: '', message: '' },
  { type: 'NetworkReady', status: true, reason: '', message: '' },
];
const statusOf =
  (more: Message = {}): Answer =>
  () => ({ status: { conditions: ready }, ...more });
const types = (answer: Message) => answer['status'].conditions.map((each: Message) => each['type']);
const conditionOf = (answer: Message, type: string) =>
  answer['status'].conditions.find((each: Message) => each['type'] === type);

test('a node has the conditions of the primary, and one condition for each secondary', async t => {
  const node = startNode(['', 'alt', 'other'], {
    answers: { '': { Status: statusOf() }, alt: { Status: statusOf() }, other: { Status: statusOf() } },
  });
  t.teardown(() => node.stop());
  const answer = await node.call('Status');
  t.strictSame(answer['status'].conditions.slice(0, 2), ready, "the primary's as they are");
  t.strictSame(types(answer), ['RuntimeReady', 'NetworkReady', 'criproxy.alt/Ready', 'criproxy.other/Ready']);
  t.strictSame(conditionOf(answer, 'criproxy.alt/Ready'), {
    type: 'criproxy.alt/Ready',
    status: true,
    reason: 'RuntimeIsReady',
    message: 'serves runtime.v1',
  });
  t.same(answer['info'], {}, 'nothing more without verbose');
});

test('the status of a primary alone is its own', async t => {
  const info = { config: '{}' };
  const node = startNode([''], { answers: { '': { Status: statusOf({ info }) } } });
  t.teardown(() => node.stop());
  const answer = await node.call('Status');
  t.strictSame(types(answer), ['RuntimeReady', 'NetworkReady']);
  t.same(answer['info'], info);
});

const unwell =
  (type: string, reason: string): Answer =>
  () => ({
    status: { conditions: [{ type, status: false, reason, message: 'no cni' }] },
  });

/** The answer of alt, and its condition. */
const secondaries: ReadonlyArray<readonly [what: string, answer: Answer, reason: string, message: RegExp]> = [
  [
    'has no network',
    unwell('NetworkReady', 'NetworkPluginNotReady'),
    'NetworkPluginNotReady',
    /^NetworkReady: no cni$/,
  ],
  ['gives no reason', unwell('RuntimeReady', ''), 'RuntimeReady', /^RuntimeReady: no cni$/],
  [
    'fails',
    () => {
      throw failure(Code.Internal, 'disk on fire');
    },
    'StatusUnknown',
    /^disk on fire$/,
  ],
  ['hangs', () => new Promise<Message>(() => {}), 'StatusUnknown', /has not answered Status since \d{4}-/],
];

for (const [what, answer, reason, message] of secondaries) {
  test(`a secondary that ${what} is not ready, and the node is`, async t => {
    const node = startNode(['', 'alt'], {
      answers: { '': { Status: statusOf() }, alt: { Status: answer } },
      settings: { listTimeout: 30 },
    });
    t.teardown(() => node.stop());
    for (const time of ['first', 'second']) {
      const got = await node.call('Status');
      t.strictSame(got['status'].conditions.slice(0, 2), ready);
      t.match(conditionOf(got, 'criproxy.alt/Ready'), { status: false, reason, message }, `the ${time} time`);
    }
  });
}

test('a secondary that other conditions are about is ready', async t => {
  const node = startNode(['', 'alt'], {
    answers: { '': { Status: statusOf() }, alt: { Status: unwell('ContainerdHasNoDeprecationWarnings', 'x') } },
  });
  t.teardown(() => node.stop());
  t.equal(conditionOf(await node.call('Status'), 'criproxy.alt/Ready').status, true);
});

test('a secondary that is down says why', async t => {
  const node = startNode(['', 'alt'], { answers: { '': { Status: statusOf() } }, down: ['alt'] });
  t.teardown(() => node.stop());
  const { status, reason, message } = conditionOf(await node.call('Status'), 'criproxy.alt/Ready');
  t.strictSame([status, reason, message], [false, 'RuntimeDown', 'no socket']);
});

test("the primary's failure is the node's", async t => {
  const node = startNode(['', 'alt'], {
    answers: {
      '': {
        Status: () => {
          throw failure(Code.Internal, 'broken');
        },
      },
      alt: { Status: statusOf() },
    },
  });
  t.teardown(() => node.stop());
  t.match(await node.fault('Status'), { code: Code.Internal, message: 'broken' });
});

const features = { recursive_read_only_mounts: true, user_namespaces: true };
const none = { recursive_read_only_mounts: false, user_namespaces: false };
const handlersOf = (...names: string[]) => statusOf({ runtime_handlers: names.map(name => ({ name, features })) });

/** Handlers of the primary and of alt, and the handlers of the node; a name with `!` has features. */
const handlers: ReadonlyArray<readonly [what: string, own: string[], alts: string[], shown: string[]]> = [
  ['of both', ['', 'runc'], ['', 'kata-qemu'], ['!', '!runc', '!kata', 'gvisor', '!alt', '!kata-qemu']],
  ['of a primary without any', [], ['', 'kata-qemu'], []],
  // The annotation may bring a pod with any handler name there, and no feature is known to be there.
  ['of a secondary without any', ['', 'runc'], [], ['', 'runc', 'kata', 'gvisor', 'alt']],
  ['of a primary that has the name too', ['', 'kata'], ['', 'x'], ['!', 'kata', 'gvisor', '!alt', '!x']],
];
const rows = [
  { name: 'kata', runtime: 'alt', handler: 'kata-qemu' },
  { name: 'gvisor', runtime: 'alt', handler: 'runsc' },
];

for (const [what, own, alts, shown] of handlers) {
  test(`the runtime handlers ${what}`, async t => {
    const node = startNode(['', 'alt'], {
      handlers: rows,
      answers: { '': { Status: handlersOf(...own) }, alt: { Status: handlersOf(...alts) } },
    });
    t.teardown(() => node.stop());
    const expected = shown.map(name => ({
      name: name.replace('!', ''),
      features: name.startsWith('!') ? features : none,
    }));
    t.same((await node.call('Status'))['runtime_handlers'], expected);
    node.runtimes['alt']!.goDown();
    t.same((await node.call('Status'))['runtime_handlers'], expected, 'while alt is down');
  });
}

/** Features of one handler name in the primary and in the secondary, and in the node. */
const shared: ReadonlyArray<readonly [primary: Message, alt: Message | undefined, shown: Message]> = [
  [features, features, features],
  [features, { user_namespaces: true }, { recursive_read_only_mounts: false, user_namespaces: true }],
  [{ user_namespaces: true }, features, { recursive_read_only_mounts: false, user_namespaces: true }],
  [features, undefined, none],
];

for (const name of ['', 'runc']) {
  for (const [primary, alt, shown] of shared) {
    test(`features of the handler "${name}" that both have: ${JSON.stringify([primary, alt])}`, async t => {
      const statusWith = (own: Message | undefined) =>
        statusOf({ runtime_handlers: [{ name, ...(own && { features: own }) }] });
      const node = startNode(['', 'alt'], {
        answers: { '': { Status: statusWith(primary) }, alt: { Status: statusWith(alt) } },
      });
      t.teardown(() => node.stop());
      const found = (await node.call('Status'))['runtime_handlers'].filter((each: Message) => each['name'] === name);
      t.same(found, [{ name, features: shown }]);
    });
  }
}

const strict = { supplemental_groups_policy: true };

/** The secondary's answer on the node-wide features, if there is one, and whether the node has them. */
const nodeFeatures: ReadonlyArray<readonly [what: string, alt: Record<string, Answer>, down: string[], has: boolean]> =
  [
    ['has it too', { Status: statusOf({ features: strict }) }, [], true],
    ['says that it has others', { Status: statusOf({ features: { mount_options: true } }) }, [], false],
    ['says nothing of features, as containerd 1.6', { Status: statusOf() }, [], false],
    ['does not answer', { Status: () => new Promise<Message>(() => {}) }, [], false],
    ['was never seen up', {}, ['alt'], true],
  ];

for (const [what, alt, down, has] of nodeFeatures) {
  test(`a feature of the primary where the secondary ${what}`, async t => {
    const node = startNode(['', 'alt'], {
      answers: { '': { Status: statusOf({ features: strict }) }, alt },
      settings: { listTimeout: 30 },
      down,
    });
    t.teardown(() => node.stop());
    const got = await node.call('Status');
    t.equal(got['features'].supplemental_groups_policy, has);
    t.equal(got['features'].mount_options, false);
  });
}

test('features of tomorrow', async t => {
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  t.equal(sharedFeatures([bytes('08014801'), bytes('4801')]).toString('hex'), '4801', 'shared as those of today');
  t.equal(sharedFeatures([bytes('0801'), undefined]).length, 0);
});

test('handlers of a primary that is mapped to', async t => {
  const node = startNode([''], {
    handlers: [{ name: 'fast', runtime: '', handler: 'crun' }],
    answers: { '': { Status: handlersOf('', 'crun') } },
  });
  t.teardown(() => node.stop());
  const names = (await node.call('Status'))['runtime_handlers'].map((each: Message) => each['name']);
  t.strictSame(names, ['', 'crun', 'fast']);
});

test('the proxy’s own part of verbose info', async t => {
  const info = { config: '{"a":1}' };
  const node = startNode(['', 'alt'], {
    answers: { '': { Status: statusOf({ info }), ListPodSandbox: () => ({ items: [{ id: 'p' }] }) } },
    settings: { version: '1.2.3' },
    down: ['alt'],
  });
  t.teardown(() => node.stop());
  await node.call('ListPodSandbox');
  const answer = await node.call('Status', { verbose: true });
  t.equal(answer['info'].config, info.config, "the primary's keys stay");
  const report = JSON.parse(answer['info'].criproxy);
  t.equal(report.version, '1.2.3');
  t.match(report.runtimes, [
    { id: '', primary: true, state: 'up', since: /^\d{4}-.*Z$/, packages: ['runtime.v1'] },
    { id: 'alt', primary: false, state: 'down', seen: true, lost: false, reason: 'no socket' },
  ]);
  t.equal(report.runtimes[0].snapshot.pods.items, 1);
  t.ok(report.runtimes[0].snapshot.pods.ageSeconds < 60);
  t.equal(report.runtimes[1].snapshot.pods, null);
});

const containerd = (options: unknown, runtimeType = 'io.containerd.runc.v2') => ({
  containerd: { defaultRuntimeName: 'runc', runtimes: { runc: { runtimeType, options }, other: { options: {} } } },
});

/** A runtime's configuration, and the driver in the RuntimeConfig that is made from it. */
const configs: ReadonlyArray<readonly [what: string, config: string | undefined, driver: string | undefined]> = [
  ['containerd for systemd', JSON.stringify(containerd({ SystemdCgroup: true })), 'SYSTEMD'],
  ['containerd for cgroupfs', JSON.stringify(containerd({ SystemdCgroup: false })), 'CGROUPFS'],
  ['containerd without the option', JSON.stringify(containerd(null)), 'CGROUPFS'],
  ['containerd with another shim', JSON.stringify(containerd(null, 'io.containerd.kata.v2')), undefined],
  ['CRI-O for systemd', '{"cgroup_manager":"systemd"}', 'SYSTEMD'],
  ['CRI-O for cgroupfs', '{"cgroup_manager":"cgroupfs"}', 'CGROUPFS'],
  ['a pause image alone', '{"sandboxImage":"pause"}', undefined],
  ['text', 'not json', undefined],
  ['null', 'null', undefined],
  ['a list', '[1]', undefined],
  ['nothing', undefined, undefined],
];

for (const pkgs of [['runtime.v1'], ['runtime.v1alpha2']] as const satisfies readonly Package[][]) {
  for (const [what, config, driver] of configs) {
    test(`RuntimeConfig of a ${pkgs[0]} runtime without it, configured as ${what}, is ${driver ?? 'Unimplemented'}`, async t => {
      const info = config === undefined ? {} : { config };
      const node = startNode([''], { answers: { '': { Status: statusOf({ info }) } }, packages: { '': pkgs } });
      t.teardown(() => node.stop());
      const outcome = await node.call('RuntimeConfig').then(
        answer => answer['linux'].cgroup_driver,
        (fault: { code: number }) => fault.code,
      );
      t.equal(outcome, driver ?? Code.Unimplemented);
      t.equal(node.runtimes['']!.asked('Status')[0]!['verbose'], true);
    });
  }
}

test("RuntimeConfig is the primary's where it has it, and its failure too", async t => {
  const answers: Record<string, Answer> = { RuntimeConfig: () => ({ linux: { cgroup_driver: 'CGROUPFS' } }) };
  const node = startNode([''], { answers: { '': answers } });
  t.teardown(() => node.stop());
  t.strictSame((await node.call('RuntimeConfig'))['linux'].cgroup_driver, 'CGROUPFS');
  node.runtimes['']!.answers['RuntimeConfig'] = () => {
    throw failure(Code.Internal, 'broken');
  };
  t.match(await node.fault('RuntimeConfig'), { code: Code.Internal, message: 'broken' });
  t.strictSame(node.runtimes['']!.asked('Status'), []);
});

test('a runtime that is older than RuntimeConfig and has no configuration to tell fails as it does', async t => {
  const node = startNode([''], {
    answers: {
      '': {
        Status: () => {
          throw failure(Code.Internal, 'broken');
        },
      },
    },
  });
  t.teardown(() => node.stop());
  t.match(await node.fault('RuntimeConfig'), { code: Code.Internal, message: 'broken' });
});

const systemd: Answer = () => ({ linux: { cgroup_driver: 'SYSTEMD' } });
const cgroupfs: Answer = () => ({ linux: { cgroup_driver: 'CGROUPFS' } });

/** The methods that tell the drivers of the primary and of alt, and whether the drivers differ. */
const drivers: ReadonlyArray<
  readonly [what: string, primary: Record<string, Answer>, alt: Record<string, Answer>, differ: boolean]
> = [
  ['both by RuntimeConfig', { RuntimeConfig: systemd }, { RuntimeConfig: cgroupfs }, true],
  ['the same', { RuntimeConfig: systemd }, { RuntimeConfig: systemd }, false],
  [
    'one by its configuration',
    { RuntimeConfig: systemd },
    { Status: statusOf({ info: { config: JSON.stringify(containerd(null)) } }) },
    true,
  ],
  ['one does not tell', { RuntimeConfig: systemd }, { Status: statusOf() }, false],
  ['the primary does not tell', {}, { RuntimeConfig: systemd }, false],
];

for (const [what, primary, alt, differ] of drivers) {
  test(`cgroup drivers, ${what}: ${differ ? 'they differ' : 'nothing is said'}`, async t => {
    const answers = { '': { Status: statusOf(), ...primary }, alt: { Status: statusOf(), ...alt } };
    const node = startNode(['', 'alt'], { answers });
    t.teardown(() => node.stop());
    const got = [await node.call('Status'), await node.call('Status')];
    const conditions = got.map(answer => conditionOf(answer, 'criproxy.alt/CgroupDriver'));
    const message =
      'it uses the cgroup driver cgroupfs, the primary runtime and so the kubelet systemd; configure both with the same';
    const expected = { type: 'criproxy.alt/CgroupDriver', status: false, reason: 'CgroupDriverDiffers', message };
    t.strictSame(conditions, differ ? [expected, expected] : [undefined, undefined]);
    t.strictSame(node.warnings, differ ? [`runtime alt: ${message}`] : [], 'warned of once');
  });
}

test(
  'a runtime may have a time of its own to answer',
  fastForward(async t => {
    const hang: Answer = () => new Promise<Message>(() => {});
    const node = startNode(['', 'slow', 'quick'], {
      answers: {
        '': { Status: statusOf(), ListContainerStats: () => ({ stats: [] }) },
        slow: {
          ListContainerStats: () => elapse(60).then(() => ({ stats: [{ attributes: { id: 's' } }] })),
        },
        quick: { ListContainerStats: hang },
      },
      settings: { listTimeout: 20, runtimes: new Map([['slow', { listTimeout: 20_000 }]]) },
    });
    t.teardown(() => node.stop());
    const { stats } = await node.call('ListContainerStats');
    t.strictSame(
      stats.map((each: Message) => each['attributes'].id),
      ['slow__s'],
    );
  }),
);

test('a hung secondary costs Status its time-out once, and is asked one question at a time', async t => {
  let isHung = false;
  const limit = 200;
  const alt: Record<string, Answer> = {
    RuntimeConfig: systemd,
    Status: request => (isHung ? new Promise<Message>(() => {}) : (statusOf({ features: strict })(request) as Message)),
  };
  const node = startNode(['', 'alt'], {
    answers: { '': { Status: statusOf({ features: strict }), RuntimeConfig: systemd }, alt },
    settings: { listTimeout: limit },
  });
  t.teardown(() => node.stop());
  await node.call('Status');
  isHung = true;
  const asked = node.runtimes['alt']!.asked('Status').length;
  await node.call('Status');
  const begin = performance.now();
  for (let time = 0; time < 20; time++) {
    const got = await node.call('Status');
    t.match(conditionOf(got, 'criproxy.alt/Ready'), { status: false, reason: 'StatusUnknown' });
    t.equal(got['features'].supplemental_groups_policy, true, 'from what was known');
  }
  t.ok(performance.now() - begin < 20 * limit, 'it is not waited for each time');
  t.equal(node.runtimes['alt']!.asked('Status').length, asked + 1);
  node.runtimes['alt']!.goDown();
  node.runtimes['alt']!.comeUp();
  isHung = false;
  t.equal(conditionOf(await node.call('Status'), 'criproxy.alt/Ready').status, true, 'another connection');
});
