import { test } from 'tap';
import type { TraceLine } from '../../../src/admin/api/trace-line.ts';
import { WAITING_LINES } from '../../../src/app/trace/trace-reader.ts';
import { CallWatch } from '../../../src/watch/call-watch.ts';
import { criTypes } from '../../support/cri-types.ts';
import { type Made, notFound, TraceLab } from './trace-lab.ts';

const subject = { namespace: 'default', pod: 'web-0', container: 'nginx', image: '', runtime: undefined };

function startLab(t: { teardown(end: () => unknown): void }): TraceLab {
  const lab = new TraceLab((request, bytes) => {
    const { container_id = '' } =
      request === 'StopContainerRequest' ? criTypes('runtime.v1').decode(request, bytes) : {};
    return container_id === 'c1' ? subject : { ...subject, namespace: '', pod: '', container: '' };
  });
  t.teardown(() => lab.stop());
  return lab;
}

const byPod: Made = { request: { container_id: 'c1' } };

test('a call in full', async t => {
  const lab = startLab(t);
  const reader = await lab.read();
  await lab.call('StopContainer', { ...byPod, runtimes: ['', 'alt'], userAgent: 'grpc-go/1.58' });
  const line = await reader.call();
  t.match(line, {
    kind: 'end',
    id: 1,
    client: 'grpc-go/1.58',
    method: 'StopContainer',
    package: 'runtime.v1',
    namespace: 'default',
    pod: 'web-0',
    container: 'nginx',
    runtimes: ['primary', 'alt'],
    code: 'OK',
    message: '',
    requestBytes: 4,
    responseBytes: 0,
    parts: [
      { runtime: 'primary', method: 'StopContainer', code: 'OK' },
      { runtime: 'alt', method: 'StopContainer', code: 'OK' },
    ],
  });
  t.ok(Math.abs(Date.parse(line.time) - Date.now()) < 60_000, line.time);
  t.notOk('request' in line || 'response' in line || 'raw' in line || 'made' in line, 'no bodies');
});

const calls: ReadonlyArray<readonly [name: string, method: string, made: Made]> = [
  ['stop', 'StopContainer', byPod],
  ['other', 'StopContainer', { request: { container_id: 'c2' } }],
  ['failed', 'StopContainer', { ...byPod, fault: notFound }],
  ['list', 'ListContainers', { runtimes: ['', 'alt'] }],
  ['version', 'Version', {}],
];

const filters: ReadonlyArray<readonly [query: string, fitting: readonly string[]]> = [
  ['', ['stop', 'other', 'failed', 'list', 'version']],
  ['pod=web-0', ['stop', 'failed']],
  ['pod=default/web-*', ['stop', 'failed']],
  ['pod=kube-system/*', []],
  ['pod=*', ['stop', 'failed']],
  ['method=*Container*', ['stop', 'other', 'failed', 'list']],
  ['runtime=alt', ['list']],
  ['runtime=primary', ['stop', 'other', 'failed', 'list', 'version']],
  ['runtime=', ['stop', 'other', 'failed', 'list', 'version']],
  ['errors=true', ['failed']],
  ['errors=false&method=Version', ['version']],
  ['slow=600000', []],
  ['slow=0', ['stop', 'other', 'failed', 'list', 'version']],
  ['pod=*&errors=true&method=Stop*&runtime=primary', ['failed']],
];

for (const [query, fitting] of filters) {
  test(`filter "${query}": ${fitting.join(', ') || 'nothing'}`, async t => {
    const lab = startLab(t);
    const reader = await lab.read(query);
    const all = await lab.read();
    for (const [, method, made] of calls) await lab.call(method, made);
    const names = new Map<number, string>();
    for (const [name] of calls) names.set((await all.call()).id, name);
    const seen = (await reader.rest()).map(line => (line.kind === 'end' ? names.get(line.id) : line.kind));
    t.strictSame(seen, fitting);
  });
}

const wrong: ReadonlyArray<readonly [query: string, message: RegExp]> = [
  ['runtime=beta', /no runtime "beta"; use one of primary, alt/],
  ['slow=fast', /slow: "fast" is no number of milliseconds/],
  ['errors=yes', /errors: "yes" is neither true nor false/],
  ['colour=red', /"colour": there is no such filter; use pod, runtime,/],
];

for (const [query, message] of wrong) {
  test(`filter "${query}" is refused`, async t => {
    const lab = startLab(t);
    await t.rejects(lab.read(query), { status: 400, message });
    t.equal(lab.observers.size, 0);
  });
}

test('without a reader no observer is registered and no message is kept', async t => {
  const lab = startLab(t);
  const kept: unknown[] = [];
  lab.watch.add({ ended: call => kept.push(call.request, call.response) });
  await lab.call('StopContainer', byPod);
  t.equal(lab.observers.size, 0);
  const plain = await lab.read();
  await lab.call('StopContainer', byPod);
  t.equal(lab.observers.size, 1);
  const bodies = await lab.read('body=true');
  await lab.call('StopContainer', byPod);
  await bodies.end();
  await lab.call('StopContainer', byPod);
  await plain.end();
  t.equal(lab.observers.size, 0);
  await lab.call('StopContainer', byPod);
  const request = criTypes('runtime.v1').encode('StopContainerRequest', byPod.request as object);
  const none = [undefined, undefined];
  t.strictSame(kept, [...none, ...none, request, Buffer.alloc(0), ...none, ...none]);
});

test('a reader that stalls loses calls, and gets their number in their place', async t => {
  const lab = startLab(t);
  const reader = await lab.read();
  const quick = await lab.read('method=Version');
  const many = 5 * WAITING_LINES;
  for (let count = 0; count < many; count++) await lab.call('StopContainer', byPod);
  const lines: TraceLine[] = [];
  let told = 0;
  while (told < many) {
    const line = await reader.next();
    lines.push(line);
    told += line.kind === 'lost' ? line.lines : 1;
  }
  t.equal(told, many, 'delivered and lost are all calls');
  t.equal(lines.filter(line => line.kind === 'end').length, WAITING_LINES);
  t.strictSame(lines.at(-1), { kind: 'lost', lines: many - WAITING_LINES });
  await lab.call('Version');
  t.match(await reader.call(), { method: 'Version' }, 'it goes on');
  t.match(await quick.call(), { method: 'Version' }, 'another reader has lost nothing');
});

test('messages that wait for a reader are bounded in bytes', async t => {
  const lab = startLab(t);
  const reader = await lab.read('body=true&record=true');
  const request = { config: { metadata: { name: 'x'.repeat(1024 * 1024) } } };
  for (let count = 0; count < 40; count++) await lab.call('RunPodSandbox', { request });
  const { kind } = await reader.next();
  let delivered = kind === 'end' ? 1 : 0;
  let lost = 0;
  while (delivered + lost < 40) {
    const line = await reader.next();
    delivered += line.kind === 'end' ? 1 : 0;
    lost += line.kind === 'lost' ? line.lines : 0;
  }
  t.ok(delivered <= 17, `${delivered} of 1 MiB were kept`);
  t.ok(lost >= 23, `${lost} were not`);
});

test('the number of readers has a limit', async t => {
  const lab = startLab(t);
  const readers = [];
  for (let count = 0; count < 8; count++) readers.push(await lab.read());
  await t.rejects(lab.read(), { status: 429, message: /8 traces run already/ });
  await readers[0]!.end();
  await lab.read();
  t.equal(lab.observers.size, 8);
});

test('names that cannot be found fail no call', async t => {
  const lab = new TraceLab(() => {
    throw new Error('a snapshot is broken');
  });
  t.teardown(() => lab.stop());
  const reader = await lab.read();
  await lab.call('StopContainer', byPod);
  t.match(await reader.call(), { method: 'StopContainer', code: 'OK', pod: '' });
});

test('a call that began before the reader is shown without its unseen parts', async t => {
  const watch = new CallWatch();
  const options = { metadata: [], deadline: undefined, signal: new AbortController().signal };
  const early = watch.begin('/runtime.v1.RuntimeService/Version', false, options);
  const lab = startLab(t);
  const reader = await lab.read('body=true');
  for (const observer of lab.observers) watch.add(observer);
  watch.end(early);
  t.match(await reader.call(), { method: 'Version', pod: '', requestBytes: 0 });
});

test('a stream shows at its begin and at its end', async t => {
  const lab = startLab(t);
  const reader = await lab.read('body=true');
  const failing = await lab.read('errors=true');
  const options = { metadata: [], deadline: undefined, signal: new AbortController().signal };
  const call = lab.watch.begin('/runtime.v1.RuntimeService/GetContainerEvents', true, options);
  lab.watch.pass(call, 'request', Buffer.alloc(0));
  t.match(await reader.call(), { kind: 'begin', method: 'GetContainerEvents', code: '', request: {} });
  lab.watch.end(call, notFound);
  t.match(await reader.call(), { kind: 'end', id: call.id, code: 'NotFound', message: 'no such container' });
  t.match(await failing.call(), { kind: 'end', code: 'NotFound' }, 'it has not failed at its begin');
});

test('a method that is not of CRI shows with its path, and has no body', async t => {
  const lab = startLab(t);
  const reader = await lab.read('body=true&record=true');
  const options = { metadata: [], deadline: undefined, signal: new AbortController().signal };
  const call = lab.watch.begin('/other.Service/Do', false, options);
  lab.watch.pass(call, 'request', Buffer.from('hunter2'));
  lab.watch.end(call);
  const line = await reader.call();
  t.match(line, { method: '/other.Service/Do', package: '', code: 'OK' });
  t.notOk(JSON.stringify(line).includes(Buffer.from('hunter2').toString('base64')));
});

const envs = [{ key: 'TOKEN', value: Buffer.from('hunter2') }];

test('bodies and recorded requests are without secrets', async t => {
  const lab = startLab(t);
  const reader = await lab.read('body=true&record=true');
  const request = { pod_sandbox_id: 'p1', config: { metadata: { name: 'c' }, envs } };
  await lab.call('CreateContainer', { request, response: { container_id: 'c9' } });
  const line = await reader.call();
  t.match(line.request, { pod_sandbox_id: 'p1', config: { envs: [{ key: 'TOKEN', value: '<redacted>' }] } });
  t.strictSame(line.response, { container_id: 'c9' });
  t.equal(line.made, 'c9');
  t.equal(line.path, '/runtime.v1.RuntimeService/CreateContainer');
  const raw = criTypes('runtime.v1').decode('CreateContainerRequest', Buffer.from(line.raw!, 'base64'));
  t.strictSame(raw['config'].envs, [{ key: 'TOKEN', value: Buffer.from('<redacted>') }]);
  t.notOk(JSON.stringify(line).includes('hunter2'));
});

test('a long body is cut behind a whole item', async t => {
  const lab = startLab(t);
  const reader = await lab.read('body=true');
  const containers = Array.from({ length: 100 }, (_, index) => ({ id: `${index}`.padEnd(1024, 'x') }));
  await lab.call('ListContainers', { response: { containers } });
  const { response, responseBytes } = await reader.call();
  const shown = response as { containers: unknown[]; '...': string };
  t.ok(shown.containers.length >= 60 && shown.containers.length < 64, `${shown.containers.length} are shown`);
  t.match(shown['...'], /^<\d{5} more bytes>$/);
  t.notMatch(JSON.stringify(shown), /malformed/);
  t.ok(responseBytes > 100 * 1024);
});
