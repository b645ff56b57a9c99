import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'tap';
import type { NodeAccess } from '../../src/cluster/node/access.ts';
import { chooseWay, findInstalled, type Way } from '../../src/cluster/node/release.ts';

const program = { '/usr/bin/criproxy': '' };
const list = (name: string) => `/var/lib/dpkg/info/${name}.list`;
const owns = (name: string) => ({ [list(name)]: '/usr/bin\n/usr/bin/criproxy\n' });
const dpkg = { '/usr/bin/dpkg': '', '/var/lib/dpkg/status': '' };

const rows: readonly {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly installed: Way | undefined;
  readonly way: Way;
}[] = [
  { name: 'nothing', files: {}, installed: undefined, way: '' },
  { name: 'dpkg', files: dpkg, installed: undefined, way: 'criproxy-nodeps' },
  {
    name: 'dpkg with the package kubelet',
    files: { ...dpkg, [list('kubelet')]: '/usr/bin/kubelet\n' },
    installed: undefined,
    way: 'criproxy',
  },
  {
    name: 'dpkg with a package kubelet that is removed and not purged',
    files: { ...dpkg, [list('kubelet')]: '/etc\n/etc/default/kubelet\n' },
    installed: undefined,
    way: 'criproxy-nodeps',
  },
  { name: 'criproxy', files: { ...dpkg, ...program, ...owns('criproxy') }, installed: 'criproxy', way: 'criproxy' },
  {
    name: 'criproxy-nodeps, which criproxy was removed for',
    files: { ...dpkg, ...program, ...owns('criproxy-nodeps'), [list('criproxy')]: '' },
    installed: 'criproxy-nodeps',
    way: 'criproxy-nodeps',
  },
  {
    name: 'a tar.gz, with a package that is removed and not purged',
    files: { ...dpkg, '/opt/criproxy/bin/criproxy': '', [list('criproxy')]: '' },
    installed: '',
    way: '',
  },
];

for (const { name, files, installed, way } of rows) {
  test(`a node that has ${name}`, async t => {
    const root = mkdtempSync(join(tmpdir(), 'criproxy-release-'));
    t.teardown(() => rmSync(root, { recursive: true, force: true }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const node = { path: (inside: string) => join(root, inside) } as NodeAccess;
    t.equal(findInstalled(node), installed);
    t.equal(chooseWay(node), way);
  });
}
