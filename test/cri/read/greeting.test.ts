import { test } from 'tap';
import { readGreeting, versionPath, versionRequest } from '../../../src/cri/read/greeting.ts';
import { type Package, packages } from '../../../src/cri/translate/packages.ts';
import { criTypes } from '../../support/cri-types.ts';
import { methodPath } from '../../support/facts.ts';
import { len, varint } from '../../wire/bytes.ts';

function versionOf(pkg: Package, runtime_name: string): readonly [Package, Buffer] {
  const version = { version: '0.1.0', runtime_name, runtime_version: `of ${pkg}`, runtime_api_version: 'v1' };
  return [pkg, criTypes(pkg).encode('VersionResponse', version)];
}

for (const pkg of packages) {
  test(`Version of ${pkg}`, async t => {
    t.equal(versionPath(pkg), methodPath('Version', pkg));
    t.strictSame(criTypes(pkg).decode('VersionRequest', versionRequest), { version: '0.1.0' });
  });
}

const rows: ReadonlyArray<readonly [answered: readonly Package[], served: readonly Package[]]> = [
  [['runtime.v1'], ['runtime.v1']],
  [['runtime'], ['runtime']],
  [
    ['runtime', 'runtime.v1alpha2'],
    ['runtime.v1alpha2', 'runtime'],
  ],
  [
    ['runtime.v1alpha2', 'runtime.v1'],
    ['runtime.v1', 'runtime.v1alpha2'],
  ],
  [
    ['runtime', 'runtime.v1', 'runtime.v1alpha2'],
    ['runtime.v1', 'runtime.v1alpha2', 'runtime'],
  ],
];

for (const [answered, served] of rows) {
  test(`a runtime that answers in ${answered.join(', ')}`, async t => {
    const answers = new Map(answered.map(pkg => versionOf(pkg, 'containerd')));
    const { versions, ...greeting } = readGreeting(answers)!;
    t.strictSame(
      [...versions],
      served.map(pkg => [pkg, answers.get(pkg)]),
      'the answers, the best first',
    );
    t.strictSame(greeting, {
      runtimeName: 'containerd',
      runtimeVersion: `of ${served[0]}`,
      packages: served,
    });
  });
}

test('a runtime that answers in no package has no greeting', async t => {
  t.equal(readGreeting(new Map()), undefined);
});

test('an answer with other fields', async t => {
  const answer = Buffer.concat([varint(2, 1), len(9, 'x'), len(2, 'cri-o')]);
  t.match(readGreeting(new Map([['runtime.v1', answer]])), {
    runtimeName: 'cri-o',
    runtimeVersion: '',
    packages: ['runtime.v1'],
  });
});

test('an answer that is no message throws', async t => {
  t.throws(() => readGreeting(new Map([['runtime.v1', Buffer.from([0xff])]])), { name: 'WireError' });
});
