import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'tap';
import { type RecordedCall, RecordingFile, readRecording } from '../../../src/cli/trace/recording.ts';
import { changes, chooseCalls, type Replayed, replay } from '../../../src/cli/trace/replay.ts';
import { isInUse } from '../../../src/cli/trace/replay-socket.ts';
import { makeFolder } from '../../daemon/daemon.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methodPath } from '../../support/facts.ts';
import { answerWith, startFakeRuntime } from '../../support/fake-runtime.ts';

const types = criTypes('runtime.v1');

function recorded(id: number, method: string, request: Message, more: Partial<RecordedCall> = {}): RecordedCall {
  const bytes = types.encode(methodFact(method).request, request);
  const path = methodPath(method, 'runtime.v1');
  return { id, at: id * 50, path, code: 'OK', ms: 1, request: bytes.toString('base64'), ...more };
}

async function readAll(replaying: AsyncIterable<Replayed>): Promise<Replayed[]> {
  const out: Replayed[] = [];
  for await (const each of replaying) out.push(each);
  return out;
}

const calls = [
  recorded(1, 'RunPodSandbox', { config: { metadata: { name: 'web-0' } } }, { made: 'old-pod' }),
  recorded(2, 'CreateContainer', { pod_sandbox_id: 'old-pod', config: {} }, { made: 'old-container' }),
  recorded(3, 'StartContainer', { container_id: 'old-container' }),
  recorded(4, 'StopContainer', { container_id: 'another' }, { code: 'NotFound' }),
  recorded(5, 'ContainerStatus', { container_id: 'old-container' }),
  recorded(6, 'StreamContainers', { filter: { pod_sandbox_id: 'old-pod' } }),
];

async function startTarget(t: { teardown(end: () => unknown): void }) {
  const runtime = await startFakeRuntime({
    socketPath: join(makeFolder(t), 'target.sock'),
    answers: {
      RunPodSandbox: answerWith({ pod_sandbox_id: 'new-pod' }),
      CreateContainer: answerWith({ container_id: 'new-container' }),
      StartContainer: Buffer.alloc(0),
      StopContainer: { code: 5, message: 'no such container' },
      StreamContainers: [types.encode('StreamContainersResponse', {}), types.encode('StreamContainersResponse', {})],
    },
  });
  t.teardown(() => runtime.stop());
  return runtime;
}

test('calls are sent in order, with the ids that are made now', async t => {
  const runtime = await startTarget(t);
  const sent = await readAll(replay(calls, { socket: runtime.socketPath, speed: undefined, timeout: 10_000 }));
  t.strictSame(
    sent.map(({ code }) => code),
    ['OK', 'OK', 'OK', 'NotFound', 'Unimplemented', 'OK'],
  );
  t.equal(sent[4]!.message, 'unknown method ContainerStatus');
  t.strictSame(
    runtime.journal.map(({ method, request }) => [method, types.decode(methodFact(method).request, request)]),
    [
      ['RunPodSandbox', { config: { metadata: { name: 'web-0' } } }],
      ['CreateContainer', { pod_sandbox_id: 'new-pod', config: {} }],
      ['StartContainer', { container_id: 'new-container' }],
      ['StopContainer', { container_id: 'another' }],
      ['ContainerStatus', { container_id: 'new-container' }],
      ['StreamContainers', { filter: { pod_sandbox_id: 'new-pod' } }],
    ].map(([method, request]) => [
      method,
      types.decode(
        methodFact(method as string).request,
        types.encode(methodFact(method as string).request, request as Message),
      ),
    ]),
  );
});

test('the time between calls is kept when it is asked for', async t => {
  const runtime = await startTarget(t);
  const begin = performance.now();
  await readAll(replay(calls, { socket: runtime.socketPath, speed: 1, timeout: 10_000 }));
  t.ok(performance.now() - begin >= 245, 'from the first at 50 ms to the last at 300 ms');
});

test('a runtime that does not answer fails its call alone', async t => {
  const runtime = await startTarget(t);
  runtime.answers['StartContainer'] = 'hang';
  const sent = await readAll(replay(calls.slice(2, 4), { socket: runtime.socketPath, speed: undefined, timeout: 200 }));
  t.strictSame(
    sent.map(({ code }) => code),
    ['DeadlineExceeded', 'NotFound'],
  );
});

test('which calls are chosen', async t => {
  const events = recorded(7, 'GetContainerEvents', {});
  const names = (only?: string) => chooseCalls([...calls, events], only).map(({ id }) => id);
  t.strictSame(names(), [1, 2, 3, 4, 5, 6]);
  t.strictSame(names('*Container'), [2, 3, 4]);
  t.strictSame(names('GetContainerEvents'), []);
});

const changing: ReadonlyArray<readonly [method: string, changes: boolean]> = [
  ['Version', false],
  ['Status', false],
  ['ListContainers', false],
  ['StreamContainers', false],
  ['ContainerStatus', false],
  ['ImageStatus', false],
  ['RunPodSandbox', true],
  ['RemoveContainer', true],
  ['PullImage', true],
  ['RemoveImage', true],
  ['UpdateRuntimeConfig', true],
  ['Exec', true],
  ['ExecSync', true],
  ['PortForward', true],
  ['CheckpointContainer', true],
];

for (const [method, isChange] of changing) {
  test(`${method} ${isChange ? 'may change something' : 'changes nothing'}`, async t => {
    t.equal(changes(recorded(1, method, {})), isChange);
  });
}

test('a method that is not known may change something', async t => {
  t.equal(changes({ ...recorded(1, 'Version', {}), path: '/runtime.v2.RuntimeService/Explode' }), true);
});

test('sockets behind which a node works', async t => {
  const dir = makeFolder(t);
  const socket = join(dir, 'containerd.sock');
  const server = createServer().listen(socket);
  t.teardown(() => server.close());
  symlinkSync(socket, join(dir, 'link'));
  const rows: ReadonlyArray<readonly [path: string, inUse: boolean]> = [
    [socket, true],
    [join(dir, 'link'), true],
    [join(dir, 'x', '..', 'containerd.sock'), true],
    [join(dir, 'other.sock'), false],
  ];
  for (const [path, inUse] of rows) t.equal(isInUse(path, [socket]), inUse, path);
  for (const path of [
    '/run/criproxy.sock',
    '/var/run/criproxy.sock',
    '/run/containerd/containerd.sock',
    '/run/crio/crio.sock',
  ]) {
    t.equal(isInUse(path), true, path);
  }
});

test('a recording is read in the order in which calls began', async t => {
  const path = join(makeFolder(t), 'recording');
  const file = new RecordingFile(path);
  const time = (ms: number) => new Date(1_700_000_000_000 + ms).toISOString();
  file.add({ kind: 'start', time: time(0) });
  const call = {
    kind: 'end',
    client: '',
    socket: '',
    method: 'Version',
    package: 'runtime.v1',
    namespace: '',
    pod: '',
    container: '',
    image: '',
    runtimes: [],
    ms: 1,
    code: 'OK',
    message: '',
    parts: [],
    requestBytes: 0,
    responseBytes: 0,
    path: methodPath('Version', 'runtime.v1'),
    raw: '',
  } as const;
  file.add({ ...call, id: 2, time: time(20) });
  file.add({ ...call, id: 1, time: time(10), made: 'x' });
  file.add({ kind: 'lost', lines: 5 });
  const { raw: _, path: __, ...unknown } = call;
  file.add({ ...unknown, id: 3, time: time(30) });
  file.add({ ...call, kind: 'begin', id: 4, time: time(40) });
  file.close();
  t.strictSame([file.calls, file.leftOut], [2, 6]);
  const { calls: found, lost } = readRecording(path);
  t.match(found, [
    { id: 1, at: 10, made: 'x' },
    { id: 2, at: 20 },
  ]);
  t.equal(found.length, 2);
  t.equal(lost, 6);
});

const head = '{"format":"criproxy-recording","version":1}';
const good = '{"id":1,"at":0,"path":"/a/b","code":"OK","ms":1,"request":""}';

const broken: ReadonlyArray<readonly [what: string, content: string, said: RegExp]> = [
  ['nothing', '', /is no recording/],
  ['another file', '{"a":1}\n', /is no recording; make one with criproxy trace --record/],
  ['a text', 'hello\n', /:1: no line of a recording/],
  ['another version', '{"format":"criproxy-recording","version":2}\n', /of version 2; this program reads version 1/],
  ['half a line', `${head}\n${good}\n{"id":2,"a`, /:3: no line of a recording; remove it if/],
  ['a call without a path', `${head}\n{"id":1,"at":0}\n`, /:2: a call of a recording has id, at, path/],
];

for (const [what, content, said] of broken) {
  test(`${what} is no recording`, async t => {
    const path = join(makeFolder(t), 'recording');
    writeFileSync(path, content);
    t.throws(() => readRecording(path), { message: said });
    t.equal(readFileSync(path, 'utf8'), content);
  });
}
