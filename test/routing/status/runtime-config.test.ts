import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { criTypes } from '../../support/cri-types.ts';
import { fakeRuntime } from '../fakes.ts';
import { settle, startLab } from '../lab.ts';

const METHOD = 'UpdateRuntimeConfig';
const answers = { [METHOD]: Buffer.alloc(0) };

function config(pod_cidr: string) {
  return { runtime_config: { network_config: { pod_cidr } } };
}

function cidrs(runtime: ReturnType<typeof fakeRuntime>): string[] {
  return runtime
    .askedFor(METHOD)
    .map(({ request }) => criTypes('runtime.v1').decode(`${METHOD}Request`, request)['runtime_config'].network_config)
    .map(network => network.pod_cidr);
}

test('UpdateRuntimeConfig reaches every runtime that is up', async t => {
  const up = ['', 'alt', 'other'].map(id => fakeRuntime(id, { answers }));
  const down = fakeRuntime('down', { answers, state: 'lost' });
  const lab = startLab([up[0]!, up[1]!, up[2]!, down]);
  t.teardown(() => lab.stop());
  await lab.call(METHOD, config('10.1.0.0/16'));
  t.strictSame(up.map(cidrs), [['10.1.0.0/16'], ['10.1.0.0/16'], ['10.1.0.0/16']]);
  t.strictSame(cidrs(down), []);
});

test('the last one is replayed to a runtime that comes up', async t => {
  const alt = fakeRuntime('alt', { answers, state: 'down' });
  const lab = startLab([fakeRuntime('', { answers }), alt]);
  t.teardown(() => lab.stop());
  await lab.call(METHOD, config('10.1.0.0/16'));
  await lab.call(METHOD, config('10.2.0.0/16'));
  alt.comeUp();
  await settle();
  t.strictSame(cidrs(alt), ['10.2.0.0/16'], 'the last one alone');
  alt.goDown();
  alt.comeUp(['runtime.v1alpha2']);
  await settle();
  t.strictSame(cidrs(alt), ['10.2.0.0/16', '10.2.0.0/16'], 'each time');
  t.equal(alt.askedFor(METHOD).at(-1)!.path, '/runtime.v1alpha2.RuntimeService/UpdateRuntimeConfig');
  t.equal(lab.log.filter(line => /UpdateRuntimeConfig to runtime alt\b/.test(line.message)).length, 2);
});

test('nothing is replayed when there has been none', async t => {
  const alt = fakeRuntime('alt', { answers, state: 'down' });
  const lab = startLab([fakeRuntime(''), alt]);
  t.teardown(() => lab.stop());
  alt.comeUp();
  await settle();
  t.strictSame(cidrs(alt), []);
});

test('one that the primary refuses is an error of the call', async t => {
  const refusal = new ProxyError(Code.InvalidArgument, 'no such network');
  const lab = startLab([fakeRuntime('', { answers: { [METHOD]: refusal } }), fakeRuntime('alt', { answers })]);
  t.teardown(() => lab.stop());
  const fault = await lab.fault(METHOD, config('10.1.0.0/16'));
  t.strictSame([fault.code, fault.message], [Code.InvalidArgument, 'no such network']);
});

test('a replay that fails is a warning that names the runtime', async t => {
  const alt = fakeRuntime('alt', { state: 'down', answers: { [METHOD]: new ProxyError(Code.Internal, 'no bridge') } });
  const lab = startLab([fakeRuntime('', { answers }), alt]);
  t.teardown(() => lab.stop());
  await lab.call(METHOD, config('10.1.0.0/16'));
  alt.comeUp();
  await settle();
  const warnings = lab.log.filter(line => line.severity === 'warn').map(line => line.message);
  t.strictSame(warnings, ['UpdateRuntimeConfig to runtime alt: no bridge']);
});
