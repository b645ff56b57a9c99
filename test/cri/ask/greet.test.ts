import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { greet } from '../../../src/cri/ask/greet.ts';
import type { Session } from '../../../src/transport/session.ts';
import { criTypes } from '../../support/cri-types.ts';
import { methodPath, type Package, packages } from '../../support/facts.ts';

type Answer = Buffer | ProxyError;

const unimplemented = new ProxyError(Code.Unimplemented, 'unknown service');
const version = criTypes('runtime.v1').encode('VersionResponse', { runtime_name: 'fake', runtime_version: '1.2.3' });

/** A session whose peer answers Version as given, by package; other packages are Unimplemented. */
function sessionOf(answers: Partial<Record<Package, Answer>>, asked: string[] = []): Session {
  return {
    async call(path) {
      asked.push(path);
      const pkg = packages.find(each => methodPath('Version', each) === path)!;
      const answer = answers[pkg] ?? unimplemented;
      if (answer instanceof ProxyError) throw answer;
      return { message: answer, headers: [], trailers: [] };
    },
    stream: () => {
      throw new Error('not used');
    },
    closed: new Promise(() => {}),
    endWhenIdle: () => {},
    isLeaving: false,
    isOver: false,
    close: () => {},
  };
}

test('a runtime is asked for its Version in every package', async t => {
  const asked: string[] = [];
  const greeting = await greet(sessionOf({ 'runtime.v1': version, 'runtime.v1alpha2': version }, asked));
  t.strictSame(asked.sort(), packages.map(pkg => methodPath('Version', pkg)).sort());
  t.strictSame(greeting, {
    runtimeName: 'fake',
    runtimeVersion: '1.2.3',
    packages: ['runtime.v1', 'runtime.v1alpha2'],
    versions: new Map([
      ['runtime.v1', version],
      ['runtime.v1alpha2', version],
    ]),
  });
});

const faults: ReadonlyArray<readonly [what: string, answers: Partial<Record<Package, Answer>>, message: RegExp]> = [
  ['serves no package', {}, /^it serves no CRI API package; is this the socket of a container runtime\?$/],
  [
    'cannot answer in one package',
    { 'runtime.v1': version, runtime: new ProxyError(Code.Internal, 'not ready') },
    /^Version \(runtime\): not ready$/,
  ],
  ['answers with garbage', { 'runtime.v1': Buffer.from([0xff]) }, /^truncated field number at byte 0$/],
];

for (const [what, answers, message] of faults) {
  test(`a runtime that ${what} is not up yet`, async t => {
    await t.rejects(greet(sessionOf(answers)), { message });
  });
}
