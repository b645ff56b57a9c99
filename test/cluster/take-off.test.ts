import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'tap';
import type { Ran } from '../../src/cluster/node/access.ts';
import type { Ports, StepError } from '../../src/cluster/ports.ts';
import { takeOff } from '../../src/cluster/take-off.ts';
import { ownPlaces, packagePlaces } from '../../src/setup/places.ts';

/** A node whose removal ends so. `program`: the one that is installed. */
function makePorts(root: string, program: string, removal: Ran): Ports {
  const path = (inside: string) => join(root, inside);
  for (const file of [path(program), path('/image/criproxy')]) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }
  const status = { running: { usesCriproxy: 'yes', pid: 200, does: 'it is connected to x' }, edits: [] };
  const answers: Readonly<Record<string, object>> = { setup: status, doctor: { findings: [] } };
  return {
    node: {
      path,
      look: async (_, group) => ({ status: 0, stdout: JSON.stringify(answers[group!]), said: '' }),
      change: async () => removal,
    },
    ask: async () => ({}),
    name: 'node-1',
    image: { payload: path('/image'), packages: '' },
    tell: () => {},
    sleep: async () => {},
    patience: 50,
    settle: 0,
  };
}

/** dpkg's words for a removal whose prerm has ended so, and the postinst that takes it back. */
const dpkgSays = (prerm: number, postinst = 0) =>
  [
    'dpkg: error processing package criproxy (--purge):',
    ` installed criproxy package pre-removal script subprocess returned error exit status ${prerm}`,
    ...(postinst === 0
      ? []
      : [
          'dpkg: error while cleaning up:',
          ` installed criproxy package post-installation script subprocess returned error exit status ${postinst}`,
        ]),
  ].join('\n');

const rows: readonly { name: string; program: string; removal: Omit<Ran, 'stdout'>; node: StepError['node'] }[] = [
  ...(
    [
      [4, 0, 'untouched'],
      [3, 0, 'untouched'],
      [3, 1, 'untouched'],
      [1, 0, 'back'],
      [1, 1, 'back'],
      [5, 0, 'halfway'],
      [1, 5, 'halfway'],
    ] as const
  ).map(([prerm, postinst, node]) => ({
    name: `a package, whose prerm ends with ${prerm}, and postinst with ${postinst}`,
    program: packagePlaces.program,
    removal: { status: 1, said: dpkgSays(prerm, postinst) },
    node,
  })),
  {
    name: 'a package, in the words of dpkg before 1.19',
    program: packagePlaces.program,
    removal: { status: 1, said: ' subprocess installed pre-removal script returned error exit status 4' },
    node: 'untouched',
  },
  {
    name: 'a package that dpkg cannot remove for another reason',
    program: packagePlaces.program,
    removal: { status: 2, said: 'dpkg: unrecoverable fatal error, aborting' },
    node: 'back',
  },
  ...(
    [
      [4, 'untouched'],
      [3, 'untouched'],
      [1, 'back'],
      [5, 'halfway'],
    ] as const
  ).map(([status, node]) => ({
    name: `setup uninstall, which ends with ${status}`,
    program: ownPlaces.program,
    removal: { status, said: 'pods run on other runtimes; going back failed' },
    node,
  })),
];

for (const { name, program, removal, node } of rows) {
  test(`${name}: ${node}`, async t => {
    const root = mkdtempSync(join(tmpdir(), 'criproxy-take-off-'));
    t.teardown(() => rmSync(root, { recursive: true, force: true }));
    const fault = await takeOff(makePorts(root, program, { ...removal, stdout: '' })).catch(
      (error: StepError) => error,
    );
    t.match(fault, { step: 'remove', node });
  });
}
