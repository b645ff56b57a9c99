import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { connect } from '../../support/cri-client.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { type Package, packages } from '../../support/facts.ts';
import { startFakeRuntime } from '../../support/fake-runtime.ts';
import { startProxy } from '../../support/proxy.ts';
import { PATIENCE } from './pairs.ts';

/** The answers of a runtime of a package, which differ where the packages differ. */
function answersOf(pkg: Package, name: string) {
  const types = criTypes(pkg);
  const isOld = pkg === 'runtime';
  const fs = isOld ? { storage_id: { uuid: name } } : { fs_id: { mountpoint: name } };
  const namespace_options = isOld ? { host_network: true } : { network: 'NODE', pid: 'CONTAINER' };
  const status = { id: name, linux: { namespaces: { options: namespace_options } } };
  return {
    ImageFsInfo: types.encode('ImageFsInfoResponse', { image_filesystems: [{ timestamp: 7n, ...fs }] }),
    ListContainers: types.encode('ListContainersResponse', { containers: [{ id: name, image_ref: 'web:1' }] }),
    ListPodSandbox: Buffer.alloc(0),
    ListImages: Buffer.alloc(0),
    PodSandboxStatus: types.encode('PodSandboxStatusResponse', { status }),
  };
}

/** The file system of such a runtime as a client sees it. */
function fsSeen(client: Package, runtime: Package, name: string): Message {
  if ((client === 'runtime') !== (runtime === 'runtime')) return { timestamp: 7n };
  return client === 'runtime'
    ? { timestamp: 7n, storage_id: { uuid: name } }
    : { timestamp: 7n, fs_id: { mountpoint: name } };
}

/** The namespaces as a client sees them: a value that is neither NODE nor true is the default, and is not shown. */
function namespacesSeen(client: Package, runtime: Package): Message {
  if (client === 'runtime') return { host_network: true };
  return runtime === 'runtime' ? { network: 'NODE' } : { network: 'NODE', pid: 'CONTAINER' };
}

for (const first of packages) {
  for (const second of packages) {
    test(`a primary of ${first} and a secondary of ${second}`, async t => {
      const dir = mkdtempSync(join(tmpdir(), 'criproxy-mixed-'));
      t.teardown(() => rmSync(dir, { recursive: true, force: true }));
      const start = (name: string, pkg: Package) =>
        startFakeRuntime({
          socketPath: join(dir, `${name}.sock`),
          packages: [pkg],
          answers: answersOf(pkg, `${name}-1`),
        });
      const [primary, alt] = [await start('primary', first), await start('alt', second)];
      t.teardown(() => Promise.all([primary.stop(), alt.stop()]));
      const proxy = await startProxy({ connect: `${primary.socketPath},alt:${alt.socketPath}` });
      t.teardown(() => proxy.remove());
      for (const pkg of packages) {
        const client = connect(proxy.socketPath, pkg);
        t.teardown(() => client.close());
        const types = criTypes(pkg);
        const ask = async (method: string, request: Buffer = Buffer.alloc(0)) => {
          const service = method === 'ImageFsInfo' ? 'ImageService' : 'RuntimeService';
          const { response } = await client.raw(`/${pkg}.${service}/${method}`, request, PATIENCE);
          return types.decode(`${method}Response`, response!);
        };
        t.strictSame(
          (await ask('ImageFsInfo'))['image_filesystems'],
          [fsSeen(pkg, first, 'primary-1'), fsSeen(pkg, second, 'alt-1')],
          `${pkg}: ImageFsInfo of both`,
        );
        const { containers } = await ask('ListContainers');
        t.strictSame(
          containers.map((item: Message) => [item['id'], item['image_ref']]),
          [
            ['primary-1', 'web:1'],
            ['alt__alt-1', 'alt/web:1'],
          ],
          `${pkg}: ListContainers of both`,
        );
        for (const [id, served] of [
          ['p1', first],
          ['alt__p1', second],
        ] as const) {
          const request = types.encode('PodSandboxStatusRequest', { pod_sandbox_id: id });
          const { status } = await ask('PodSandboxStatus', request);
          t.strictSame(status.linux.namespaces.options, namespacesSeen(pkg, served), `${pkg}: namespaces of ${id}`);
        }
      }
    });
  }
}
