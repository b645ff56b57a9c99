import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { architectureNames } from '../../build/architecture.ts';
import { fetchNode } from '../../build/fetch-node.ts';
import { nodePackage } from '../../build/node-packages.ts';

test('both architectures have the same Node.js, the one that runs the tests', async t => {
  for (const architecture of architectureNames)
    t.equal(nodePackage(architecture).version, process.versions.node, architecture);
});

test('bytes that the lock file does not have are refused', async t => {
  const out = mkdtempSync(join(tmpdir(), 'criproxy-fetch-test-'));
  t.teardown(() => rmSync(out, { recursive: true }));
  const folder = join(out, 'yaml');
  // A small dependency, which npm has in its cache.
  t.throws(() => fetchNode({ name: 'yaml', version: '2.9.1', integrity: 'sha512-AAAA', folder }), {
    message: 'yaml@2.9.1 from the registry is not what package-lock.json has',
  });
  t.notOk(existsSync(folder));
  t.same(readdirSync(out), [], 'nothing is left');
});
