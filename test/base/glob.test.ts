import { test } from 'tap';
import { globMatcher } from '../../src/base/glob.ts';

const rows: ReadonlyArray<readonly [glob: string, text: string, fits: boolean]> = [
  ['*', '', true],
  ['*', 'anything at all\n', true],
  ['', '', true],
  ['', 'a', false],
  ['List*', 'ListContainers', true],
  ['List*', 'StreamListContainers', false],
  ['*Status', 'PodSandboxStatus', true],
  ['*Status', 'PodSandboxStatusX', false],
  ['web-?', 'web-0', true],
  ['web-?', 'web-10', false],
  ['a.c', 'abc', false],
  ['a.c', 'a.c', true],
  ['a+(b)[c]{d}^$|\\', 'a+(b)[c]{d}^$|\\', true],
  ['StopContainer', 'stopcontainer', false],
];

for (const [glob, text, fits] of rows) {
  test(`${JSON.stringify(glob)} ${fits ? 'fits' : 'does not fit'} ${JSON.stringify(text)}`, async t => {
    t.equal(globMatcher(glob)(text), fits);
  });
}
