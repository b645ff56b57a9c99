import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { listReadyPods, probeRuntime } from '../../src/setup/probe.ts';
import type { Package } from '../support/facts.ts';
import { answerWith, startFakeRuntime } from '../support/fake-runtime.ts';

const version = answerWith({
  version: '0.1.0',
  runtime_name: 'fake',
  runtime_version: 'v1.2.3',
  runtime_api_version: 'v1',
});

for (const name of ['runtime.v1', 'runtime.v1alpha2', 'runtime'] satisfies Package[]) {
  test(`a runtime that has ${name} answers`, async t => {
    const dir = mkdtempSync(join(tmpdir(), 'probe-'));
    const socketPath = join(dir, 'x.sock');
    const runtime = await startFakeRuntime({
      socketPath,
      packages: [name],
      answers: { Version: version, ImageFsInfo: answerWith({}) },
    });
    t.teardown(async () => {
      await runtime.stop();
      rmSync(dir, { recursive: true });
    });
    t.same(await probeRuntime(`unix://${socketPath}`, 5_000), { name: 'fake', version: 'v1.2.3' });
  });
}

test('an error has a message, with the time', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'probe-'));
  const socketPath = join(dir, 'x.sock');
  const runtime = await startFakeRuntime({
    socketPath,
    answers: { Version: version, ImageFsInfo: { code: 14, message: 'disk is on holiday, 100%' } },
  });
  t.teardown(async () => {
    await runtime.stop();
    rmSync(dir, { recursive: true });
  });
  await t.rejects(probeRuntime(socketPath, 500), new Error('disk is on holiday, 100%'));
});

test('a runtime that hangs is given up', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'probe-'));
  const socketPath = join(dir, 'x.sock');
  const runtime = await startFakeRuntime({ socketPath, answers: { Version: 'hang' } });
  t.teardown(async () => {
    await runtime.stop();
    rmSync(dir, { recursive: true });
  });
  await t.rejects(probeRuntime(socketPath, 500), /no answer within/);
});

test('no server listens', async t => {
  await t.rejects(probeRuntime('/nonexistent/x.sock', 300), /ENOENT/);
});

test('strings of more than 127 bytes, and of UTF-8', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'probe-'));
  const socketPath = join(dir, 'x.sock');
  const [name, pod] = ['größer '.repeat(60), 'p'.repeat(253)];
  const ready = { id: 'a', state: 'SANDBOX_READY', metadata: { name: pod, namespace: 'n'.repeat(63) } };
  const runtime = await startFakeRuntime({
    socketPath,
    answers: {
      Version: answerWith({ runtime_name: name, runtime_version: 'v1' }),
      ImageFsInfo: answerWith({}),
      ListPodSandbox: answerWith({ items: [ready, { ...ready, id: 'b', state: 'SANDBOX_NOTREADY' }] }),
    },
  });
  t.teardown(async () => {
    await runtime.stop();
    rmSync(dir, { recursive: true });
  });
  t.same(await probeRuntime(socketPath, 5_000), { name, version: 'v1' });
  t.strictSame(await listReadyPods(socketPath), [`${'n'.repeat(63)}/${pod}`]);
});
