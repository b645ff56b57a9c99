import { test } from 'tap';
import type { Method, ReplyStream } from '../../../src/base/call.ts';
import { methodSets } from '../../../src/cri/tables/method-sets.ts';
import { methods as rows } from '../../../src/cri/tables/methods.ts';
import { packages } from '../../../src/cri/translate/packages.ts';
import { setNames } from '../../../src/routing/access/allowed-methods.ts';
import { restrictedService } from '../../../src/routing/access/restricted-service.ts';
import { methodPath, methods, type Package } from '../../support/facts.ts';
import { elapse, fastForward } from '../../support/virtual-time.ts';
import { callOptions } from '../lab.ts';
import { clientOf, rulesOf, SOCKET } from './access-lab.ts';

/** The methods that only `all` has. */
const inNoSet: readonly string[] = [
  'RunPodSandbox',
  'StopPodSandbox',
  'RemovePodSandbox',
  'CreateContainer',
  'StartContainer',
  'StopContainer',
  'RemoveContainer',
  'UpdateContainerResources',
  'UpdatePodSandboxResources',
  'ReopenContainerLog',
  'CheckpointContainer',
  'CheckpointPod',
  'RestorePod',
  'UpdateRuntimeConfig',
];

/** A service that has every path, and notes the paths that are called. */
function openService() {
  const called: string[] = [];
  const nothing = { message: Buffer.alloc(0), headers: [], trailers: [] };
  const service = (path: string): Method => {
    const note = async () => {
      called.push(path);
      return nothing;
    };
    const noMessages = (): ReplyStream => ({
      headers: Promise.resolve([]),
      trailers: [],
      async *[Symbol.asyncIterator]() {
        yield (await note()).message;
      },
    });
    const fact = methods.find(({ method, packages: served }) => served.some(each => methodPath(method, each) === path));
    if (fact === undefined || fact.serverStream) return { kind: 'stream', handle: noMessages };
    return { kind: 'unary', handle: note };
  };
  return { service, called };
}

test('each method is in a set, or named as one that is in none', async t => {
  const inSets = new Set<string>(Object.values(methodSets).flat());
  for (const { method } of methods) {
    t.equal(inSets.has(method), !inNoSet.includes(method), `${method} is in one of both`);
  }
  t.strictSame([...inSets, ...inNoSet].sort(), Object.keys(rows).sort(), 'and no other name is');
});

test('read has no method that changes a list, runs a command or opens a stream to a container', async t => {
  for (const name of methodSets.read) {
    t.equal(rows[name]!.effect, undefined, name);
    t.notOk(
      methodSets.exec.some(each => each === name && each !== 'Version'),
      name,
    );
  }
});

/** Whether a method only changes something; `read` must not have it. */
const changesOnly = (name: string) => /^(?:Pull|Remove)Image$/.test(name);

for (const set of setNames) {
  for (const pkg of packages) {
    test(`${set}, ${pkg}: every method is called or refused`, async t => {
      for (const { method, packages: served } of methods) {
        if (!served.includes(pkg)) continue;
        const { service, called } = openService();
        const code = await clientOf(service, { allow: [set] }, pkg).code(method);
        const isIn = set === 'all' || methodSets[set as keyof typeof methodSets].some(each => each === method);
        t.equal(called.length, isIn ? 1 : 0, `${method} ${isIn ? 'is' : 'is not'} called`);
        t.equal(code === 7, !isIn, `${method} ends with ${code}`);
        if (set === 'read') t.notOk(isIn && changesOnly(method), method);
      }
    });
  }
}

test('a refusal names the method and the socket', async t => {
  const client = clientOf(openService().service, { allow: ['read'] });
  await t.rejects(client.ask('Exec'), { code: 7, message: `criproxy: Exec is not allowed on ${SOCKET}` });
});

test('globs and sets together', async t => {
  const { service } = openService();
  const client = clientOf(service, { allow: ['exec', 'List*', 'ContainerStatus'] });
  for (const [method, code] of [
    ['ListContainers', 0],
    ['ListImages', 0],
    ['ContainerStatus', 0],
    ['ExecSync', 0],
    ['ContainerStats', 7],
    ['RunPodSandbox', 7],
    ['StreamContainers', 7],
  ] as const) {
    t.equal(await client.code(method), code, method);
  }
});

const unknown = [
  '/runtime.v1.RuntimeService/StopNode',
  '/runtime.v1.RuntimeService/StreamSecrets',
  '/runtime.v2.RuntimeService/Version',
  '/containerd.services.containers.v1.Containers/List',
  '/criproxy.Self/Check',
  '/runtime.v1.ImageService/Version',
  '/',
];

for (const path of unknown) {
  test(`${path} is refused with all sets allowed, before its request has come`, async t => {
    const { service, called } = openService();
    const found = restrictedService(service, rulesOf({ allow: ['all', '*'] })).service(path)!;
    if (found.kind !== 'stream') throw new Error('it waits for the request');
    const never: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const reply = found.handle(never, callOptions());
    await t.rejects(reply[Symbol.asyncIterator]().next(), {
      code: 7,
      message: `criproxy: ${path} is not allowed on ${SOCKET}`,
    });
    t.strictSame(await reply.headers, []);
    t.strictSame(called, []);
  });
}

test('methods that a package does not have are refused, and no runtime is asked', async t => {
  for (const { method, packages: served } of methods) {
    for (const pkg of packages.filter((each): each is Package => !served.includes(each))) {
      const { service, called } = openService();
      t.equal(await clientOf(service, { allow: ['all'] }, pkg).code(method, Buffer.alloc(0)), 7, `${method} in ${pkg}`);
      t.strictSame(called, []);
    }
  }
});

test(
  'the bucket has a second of calls, and one more each 1/rate; refused calls count too',
  fastForward(async t => {
    const { service } = openService();
    const client = clientOf(service, { allow: ['read'], rate: 5 });
    const codes = [];
    for (let call = 0; call < 5; call++) codes.push(await client.code(call % 2 === 0 ? 'Version' : 'Exec'));
    t.strictSame(codes, [0, 7, 0, 7, 0]);
    // Each refusal beyond the rate takes a tenth of a second.
    await t.rejects(client.ask('Version'), {
      code: 8,
      message: `criproxy: more than 5 calls a second on ${SOCKET}`,
    });
    t.equal(await client.code('GetContainerEvents'), 8, 'a stream');
    await elapse(10);
    t.equal(await client.code('Version'), 0, 'a token takes a fifth of a second to come back');
    t.equal(await client.code('Version'), 8, 'and is one only');
  }),
);
