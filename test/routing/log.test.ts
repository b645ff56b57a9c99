import { test } from 'tap';
import { Code } from '../../src/base/codes.ts';
import { ProxyError } from '../../src/base/error.ts';
import { methods } from '../support/facts.ts';
import { fakeRuntime } from './fakes.ts';
import { readAll, startLab } from './lab.ts';
import { requestFor } from './requests.ts';

/** The level from which a call is dumped: calls that change state, calls that ask for the state of one thing, and lists. */
const CHANGE = 3;
const STATUS = 4;
const LIST = 5;

const asksOne = [
  'Version',
  'Status',
  'RuntimeConfig',
  'PodSandboxStatus',
  'ContainerStatus',
  'ImageStatus',
  'ContainerStats',
  'PodSandboxStats',
  // ExecSync: probes run it every few seconds.
  'ExecSync',
];

function levelOf(method: string): number {
  if (/^(?:List|Stream|GetContainerEvents|ImageFsInfo)/.test(method)) return LIST;
  return asksOne.includes(method) ? STATUS : CHANGE;
}

for (const { method, serverStream } of methods.filter(fact => fact.method !== 'GetContainerEvents')) {
  test(`${method} is dumped from level ${levelOf(method)} on`, async t => {
    for (let level = 0; level <= 5; level++) {
      const answer = Buffer.from([0x7a, 1, 0x78]);
      const primary = fakeRuntime('', { answers: { [method]: serverStream ? [Buffer.alloc(0)] : answer } });
      const lab = startLab([primary], { level });
      t.teardown(() => lab.stop());
      const request = requestFor(method, '') ?? {};
      if (serverStream) await readAll(lab.stream(method, request));
      else await lab.call(method, request);
      const dumps = lab.log.filter(line => line.message.startsWith(`${method} re`));
      const both = [`${method} request (runtime.v1)`, `${method} response (runtime.v1)`];
      t.strictSame(
        dumps.map(line => line.message),
        level >= levelOf(method) ? both : [],
        `at level ${level}`,
      );
      t.ok(
        dumps.every(line => line.level === levelOf(method) && typeof line.fields === 'object'),
        'as fields',
      );
    }
  });
}

test('a failed call is logged from level 2 on, with code and message', async t => {
  const answers = { StopContainer: new ProxyError(Code.NotFound, 'no such container') };
  for (const [level, expected] of [
    [0, []],
    [1, []],
    [2, ['StopContainer failed: NotFound: no such container']],
    [5, ['StopContainer failed: NotFound: no such container']],
  ] as const) {
    const lab = startLab([fakeRuntime('', { answers })], { level });
    t.teardown(() => lab.stop());
    await lab.fault('StopContainer', { container_id: 'c1' });
    const failures = lab.log.filter(line => line.message.includes('failed')).map(line => line.message);
    t.strictSame(failures, expected, `at level ${level}`);
  }
});

test('a failed stream is logged likewise', async t => {
  const lab = startLab([fakeRuntime('')], { level: 2 });
  t.teardown(() => lab.stop());
  await t.rejects(readAll(lab.stream('StreamContainers')));
  t.match(lab.log.at(-1)!.message, /^StreamContainers failed: Unimplemented: /);
});

test('dumps have the names that the client uses, and no secrets', async t => {
  const alt = fakeRuntime('alt', { answers: { PullImage: Buffer.alloc(0), StopContainer: Buffer.alloc(0) } });
  const lab = startLab([fakeRuntime(''), alt], { level: 3 });
  t.teardown(() => lab.stop());
  await lab.call('StopContainer', { container_id: 'alt__c1', timeout: 30 });
  t.strictSame(lab.log[0]!.fields, { container_id: 'alt__c1', timeout: 30 });
  await lab.call('PullImage', { image: { image: 'alt/web' }, auth: { username: 'joe', password: 'hunter2' } });
  t.strictSame(lab.log.find(line => line.message.startsWith('PullImage request'))!.fields, {
    image: { image: 'alt/web' },
    auth: { username: '<redacted>', password: '<redacted>' },
  });
});

test('a call in an older package is dumped with the fields of that package', async t => {
  const lab = startLab([fakeRuntime('', { answers: { RunPodSandbox: Buffer.alloc(0) } })], { level: 3 });
  t.teardown(() => lab.stop());
  const namespace_options = { host_network: true };
  const config = { linux: { security_context: { namespace_options } } };
  await lab.call('RunPodSandbox', { config }, { pkg: 'runtime' });
  const [request] = lab.log.filter(line => line.message === 'RunPodSandbox request (runtime)');
  t.strictSame(request!.fields, { config });
});
