import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { Runtimes } from '../../../src/routing/port/runtimes.ts';
import { criTypes } from '../../support/cri-types.ts';
import type { Asked } from '../../support/fakes/fake-port.ts';
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

test('a RuntimeConfig that the primary refuses is an error of the call', async t => {
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

/** A secondary whose answers to the method wait for `go`, or for the end of the call. */
function startSlow(listTimeout: number) {
  const go = Promise.withResolvers<Buffer>();
  const wait = (_: Buffer, { options: { signal } }: Asked) => {
    const ended = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => ended.reject(new ProxyError(Code.Cancelled, 'the call was cancelled')));
    return Promise.race([go.promise, ended.promise]);
  };
  const alt = fakeRuntime('alt', { answers: { [METHOD]: wait } });
  const primary = fakeRuntime('', { answers });
  const lab = startLab([primary, alt], { listTimeout });
  const warnings = () => lab.log.filter(line => line.severity === 'warn').map(line => line.message);
  return { lab, primary, alt, go, warnings };
}

test('a secondary that takes longer than its list timeout gets it all the same, and the client does not wait', async t => {
  const { lab, alt, go, warnings } = startSlow(30);
  t.teardown(() => lab.stop());
  await lab.call(METHOD, config('10.1.0.0/16'));
  const [sent] = alt.askedFor(METHOD);
  t.match(sent!.options, { deadline: undefined, signal: { aborted: false } }, 'the call goes on');
  t.strictSame(warnings(), ['UpdateRuntimeConfig to runtime alt: no answer within 30 ms']);
  go.reject(new ProxyError(Code.Internal, 'no bridge'));
  await settle();
  t.equal(warnings()[1], 'UpdateRuntimeConfig to runtime alt: no bridge', 'the outcome is told when it comes');
});

test('a secondary that hangs has one call under way, the last one', async t => {
  const { lab, alt, warnings } = startSlow(60_000);
  t.teardown(() => lab.stop());
  const first = lab.call(METHOD, config('10.1.0.0/16'));
  const second = lab.call(METHOD, config('10.2.0.0/16'), { deadline: performance.now() + 40 });
  await settle();
  const open = () => alt.askedFor(METHOD).map(({ options }) => !options.signal.aborted);
  t.strictSame(
    [cidrs(alt), open()],
    [
      ['10.1.0.0/16', '10.2.0.0/16'],
      [false, true],
    ],
  );
  await Promise.all([first, second]);
  t.strictSame(open(), [false, true], 'a client in a hurry does not end it');
  alt.goDown();
  alt.comeUp();
  await settle();
  t.strictSame([cidrs(alt)[2], open()], ['10.2.0.0/16', [false, false, true]], 'nor does a new connection add one');
  t.match(
    warnings(),
    [/^UpdateRuntimeConfig to runtime alt: no answer within \d+ ms$/],
    'a call that another one has replaced is no fault',
  );
  t.equal(warnings().length, 1);
});

test('a call under way to a runtime that leaves is ended', async t => {
  const { lab, primary, alt } = startSlow(30);
  t.teardown(() => lab.stop());
  await lab.call(METHOD, config('10.1.0.0/16'));
  const settings = { streamBase: 'http://10.0.0.5:11250', primaryWait: 30, listTimeout: 30 };
  lab.node.changeGeneration({ runtimes: new Runtimes([primary]), settings }, undefined);
  t.ok(alt.askedFor(METHOD)[0]!.options.signal.aborted);
});
